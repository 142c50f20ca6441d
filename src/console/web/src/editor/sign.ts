// The dialogs of the editor: who does something and why, and what stands between.

import { t } from "../i18n";
import { AUTHOR_LEN_MAX, author as seated, keepAuthor } from "../ui/author";
import { h } from "../ui/dom";
import type { Signed } from "./api";

export interface Question {
  id: string;
  title: string;
  body: Node[];
  /** The word on the button. */
  confirm: string;
  danger?: boolean;
  /** Stands beside the map, which can be moved meanwhile. */
  beside?: boolean;
  /** Whether an author and a reason are needed. */
  signed?: boolean;
  /** What is said when it cannot be done; nothing: done, the dialog closes. */
  run(by: Signed): Promise<string | undefined>;
}

/** Asks, and stays open until it is done or left. */
export function ask(question: Question): Promise<boolean> {
  const { id, title, body, confirm, danger, beside, signed = true } = question;
  const author = h("input", { id: `${id}-author`, autocomplete: "name", required: true, maxlength: AUTHOR_LEN_MAX });
  author.value = seated();
  const reason = h("input", { id: `${id}-reason`, autocomplete: "off", required: true, maxlength: 300 });
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: danger ? "primary danger" : "primary" }, confirm);
  const leave = h("button", { type: "button", onclick: () => dialog.close() }, t("zone_cancel"));
  const signature = signed
    ? [h("label", { class: "zone-field wide" }, h("span", {}, t("zone_author")), author), h("label", { class: "zone-field wide" }, h("span", {}, t("zone_why")), reason)]
    : [];
  const form = h("form", { novalidate: true, class: "zone-dialog" }, h("h2", { id: `${id}-title` }, title), ...body, ...signature, fault, h("div", { class: "zone-actions" }, leave, submit));
  const dialog = h("dialog", { id, class: beside ? "beside" : undefined, "aria-labelledby": `${id}-title` }, form);
  document.body.append(dialog);
  if (beside) {
    dialog.show();
    dialog.addEventListener("keydown", (event) => event.key === "Escape" && dialog.close());
  } else {
    dialog.showModal();
  }
  if (signed) (author.value ? reason : author).focus();
  return new Promise((done) => {
    let finished = false;
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(finished);
    });
    const say = (text: string) => {
      fault.hidden = false;
      fault.textContent = text;
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const by = { author: author.value.trim(), reason: reason.value.trim() };
      if (signed && !(by.author && by.reason)) {
        say(t("zone_sign_both"));
        (by.author ? reason : author).focus();
        return;
      }
      if (signed) keepAuthor(by.author);
      submit.disabled = true;
      void question.run(by).then((problem) => {
        submit.disabled = false;
        if (problem !== undefined) return say(problem);
        finished = true;
        dialog.close();
      });
    });
  });
}
