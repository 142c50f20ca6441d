// The keyboard: what every page understands, and the help that says it all.

import type { App } from "../app";
import { type Key, t } from "../i18n";
import { PAGES, type Mounted } from "../pages";
import type { Router } from "../router";
import { h } from "./dom";

const HELP: [string, Key][] = [
  ["j k · ↓ ↑", "key_next"],
  ["n", "key_unacked"],
  ["Enter", "key_enter"],
  ["a · c", "key_ack"],
  ["Shift A", "key_ack_all"],
  ["s", "key_shelve"],
  ["/", "key_search"],
  ["Esc", "key_escape"],
  ["l t h v", "key_labels"],
  ["+ − 0", "key_zoom"],
  ["← ↑ ↓ →", "key_pan"],
  ["f", "key_follow"],
  ["r", "key_ruler"],
  ["m", "key_mute"],
  ["g l r z f s", "key_pages"],
  ["Space · Shift L", "key_replay"],
  ["← → · Shift ← →", "key_replay_step"],
  [", . · j k", "key_replay_speed"],
  ["p r c w", "key_zone_tools"],
  ["Space Enter", "key_zone_draw"],
  ["Del Ctrl Z/Y", "key_zone_undo"],
  ["i e", "key_zone_more"],
  ["?", "key_help"],
];

export class Keys {
  private readonly help = h("dialog", { id: "help" });
  private going = false;

  constructor(
    private readonly app: App,
    private readonly router: Router,
    private readonly page: () => Mounted,
  ) {
    document.body.append(this.help);
    window.addEventListener("keydown", (event) => this.pressed(event));
  }

  private pressed(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const typing = target.matches("input, textarea, select, dialog *");
    if (typing) {
      // Nothing fires while somebody types, but there is a way out.
      if (event.key === "Escape") target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // On a button or a link these keys press it, and in a list of buttons the arrows scroll; in that of the alerts
    // they choose.
    const own = target.closest("#alerts") ? ["Enter", " "] : ["Enter", " ", "ArrowUp", "ArrowDown"];
    if (target.matches("button, a, [role=region]") && own.includes(event.key)) return;
    if (this.take(event)) event.preventDefault();
  }

  private take(event: KeyboardEvent): boolean {
    if (this.going) {
      this.going = false;
      const page = PAGES.find((one) => one.shortcut === event.key);
      if (page) this.router.go(page.id);
      return page !== undefined;
    }
    switch (event.key) {
      case "g":
        this.going = true;
        return true;
      case "?":
        this.showHelp();
        return true;
      case "m":
        this.app.sound.toggleMute();
        this.app.draw();
        return true;
      default:
        return this.page().key?.(event) ?? false;
    }
  }

  private showHelp(): void {
    if (this.help.open) return;
    const rows = HELP.map(([keys, key]) => h("div", {}, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, t(key))));
    const close = h("button", { type: "button", onclick: () => this.help.close() }, t("close"));
    this.help.setAttribute("aria-label", t("help"));
    this.help.replaceChildren(h("h2", {}, t("help")), h("dl", {}, ...rows), close);
    this.help.showModal();
  }
}
