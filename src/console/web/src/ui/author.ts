// Who sits at this seat: the name that stands under what is acknowledged and published from here.

import { t } from "../i18n";
import { h } from "./dom";

const STORE = "lowsky.author";
/** Longest name, characters. */
export const AUTHOR_LEN_MAX = 64;

let name: string | undefined;
let asked = false;

export function author(): string {
  if (name === undefined) {
    try {
      name = localStorage.getItem(STORE) ?? "";
    } catch {
      name = "";
    }
  }
  return name;
}

export function keepAuthor(next: string): void {
  name = next;
  try {
    localStorage.setItem(STORE, next);
  } catch {
    // It holds until the page is left.
  }
}

/** Header fields hold no letters beyond Latin ones. */
export function signedBy(): Record<string, string> {
  const by = author();
  return by ? { "lowsky-author": encodeURIComponent(by) } : {};
}

/** Asks who is there, once for as long as the page is open: nothing urgent waits for a name twice. */
export function askAuthorOnce(): Promise<void> {
  if (author() || asked) return Promise.resolve();
  return askAuthor();
}

export function askAuthor(): Promise<void> {
  asked = true;
  const field = h("input", { id: "author-name", autocomplete: "name", maxlength: AUTHOR_LEN_MAX });
  field.value = author();
  const leave = h("button", { type: "button", onclick: () => dialog.close() }, t("author_without"));
  const form = h(
    "form",
    { method: "dialog", class: "author-form" },
    h("h2", { id: "author-title" }, t("author_title")),
    h("p", { class: "dim" }, t("author_why")),
    h("label", {}, h("span", {}, t("author_name")), field),
    h("div", { class: "author-keys" }, leave, h("button", { type: "submit", class: "primary" }, t("author_keep"))),
  );
  const dialog = h("dialog", { id: "author-dialog", "aria-labelledby": "author-title" }, form);
  form.addEventListener("submit", () => keepAuthor(field.value.trim()));
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  return new Promise((done) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      done();
    }),
  );
}
