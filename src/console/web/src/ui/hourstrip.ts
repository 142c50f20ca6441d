// The last hour under the live picture: what was raised in each minute. A place in it that is touched, or dragged to,
// is replayed.

import type { App } from "../app";
import { t } from "../i18n";
import { Timeline } from "../replay/timeline";
import { HOUR_MS } from "../store/hour";
import { h, write } from "./dom";

const MINUTE_MS = 60_000;

export class HourStrip {
  readonly root = h("div", { class: "hour-strip" });
  private readonly name = h("b");
  private readonly how = h("span", { class: "dim" });
  /** The moment under the hand, while it is held. */
  private sought: number | undefined;
  private readonly line: Timeline;

  constructor(private readonly app: App) {
    const now = () => app.serverNow();
    const hand = {
      span: undefined,
      get t() {
        return now();
      },
    };
    this.line = new Timeline(hand, app.hour, () => [0, now()], (at) => (this.sought = Math.min(at, now())));
    const { root } = this.line;
    root.addEventListener("pointermove", () => this.mark());
    root.addEventListener("pointerup", () => this.go());
    root.addEventListener("pointercancel", () => (this.sought = undefined));
    root.addEventListener("keydown", (event) => this.pressed(event));
    root.addEventListener("blur", () => (this.sought = undefined));
    this.root.append(h("div", {}, this.name, this.how), root);
  }

  render(): void {
    write(this.name, t("hour_title"));
    write(this.how, t("hour_how"));
    this.line.show(this.app.serverNow());
    this.line.render();
    this.mark();
  }

  private mark(): void {
    if (this.sought !== undefined) this.line.point(this.sought);
  }

  private go(): void {
    const at = this.sought;
    this.sought = undefined;
    if (at === undefined) return;
    const said = new URLSearchParams({ at: this.app.map.said(), t: new Date(at).toISOString() });
    location.hash = `#/replay?${said.toString()}`;
  }

  private pressed(event: KeyboardEvent): void {
    const step = { ArrowLeft: -MINUTE_MS, ArrowRight: MINUTE_MS, Home: -HOUR_MS, End: HOUR_MS }[event.key];
    if (event.key === "Enter") this.go();
    else if (step !== undefined) {
      const now = this.app.serverNow();
      this.sought = Math.min(Math.max((this.sought ?? now) + step, now - HOUR_MS), now);
      this.mark();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
