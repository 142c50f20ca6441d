// What stands over the map while nothing flies: whether that is so, and who was heard last.

import type { App } from "../app";
import { type Key, clock, span, t } from "../i18n";
import type { Feed, Operator } from "../fleet/store";
import { h, icon, ICONS, write } from "./dom";

/** The service is asked this often while nothing flies. */
const ASK_MS = 5000;
/** Operators whose newest report is looked up. */
const NAMED_MAX = 5;
/** A picture that was just asked for may still be on its way. */
const SETTLE_MS = 2500;

export class Nothing {
  readonly root = h("section", { class: "nothing", hidden: true });
  private readonly title = h("b");
  private readonly why = h("p");
  private readonly feeds = h("ul", { class: "plain" });
  private readonly link = h("a", { href: "#/fleet" });
  private since = 0;
  private askedAt = -Infinity;
  private heard: { operator: string; aircraft: number; at: number }[] = [];

  constructor(private readonly app: App) {
    this.root.append(icon(ICONS.live), this.title, this.why, this.feeds, this.link);
  }

  render(): void {
    const { app } = this;
    const now = performance.now();
    // Zoomed far in, an empty view says nothing.
    const empty = app.stream.live && app.nobodyAbout();
    if (!empty) this.since = now;
    this.root.hidden = !empty || now - this.since < SETTLE_MS;
    if (this.root.hidden) return;
    if (ASK_MS <= now - this.askedAt) {
      this.askedAt = now;
      void this.ask();
    }
    const age = app.stream.heartbeat?.input_age_ms;
    const elsewhere = age !== undefined && age < 5000;
    const titles: [boolean, Key][] = [
      [elsewhere, "nothing_here"],
      [true, "nothing_flies"],
    ];
    write(this.title, t(titles.find(([holds]) => holds)![1]));
    write(this.why, age === undefined ? t("nothing_never") : t("nothing_last", { age: span(age / 1000) }));
    const lines = this.heard.map(({ operator, aircraft, at }) => t("nothing_operator", { operator, n: aircraft, at: clock(at), age: span((app.serverNow() - at) / 1000) }));
    lines.forEach((line, at) => {
      if (!this.feeds.children[at]) this.feeds.append(h("li"));
      write(this.feeds.children[at] as HTMLElement, line);
    });
    while (this.feeds.children.length > lines.length) this.feeds.lastElementChild?.remove();
    write(this.link, t("nothing_check"));
  }

  private async ask(): Promise<void> {
    try {
      const { operators } = (await (await fetch("/api/v1/fleet", { cache: "no-store" })).json()) as { operators: Operator[] };
      const found = await Promise.all(
        operators.slice(0, NAMED_MAX).map(async ({ operator, aircraft }) => {
          const answer = await fetch(`/api/v1/fleet/${encodeURIComponent(operator)}`, { cache: "no-store" });
          const fleet = (await answer.json()) as { aircraft: Feed[] };
          return { operator, aircraft, at: Math.max(...fleet.aircraft.map((feed) => Date.parse(feed.heard_at))) };
        }),
      );
      this.heard = found.filter(({ at }) => Number.isFinite(at)).sort((a, b) => b.at - a.at);
    } catch {
      this.heard = [];
    }
    this.app.draw();
  }
}
