// The flood of alerts: more than ten in ten minutes are more than a person can answer one by one. They are then told
// by zone and by operator, and only the gravest sound.

import type { App } from "../app";
import { zoneOf } from "../headline";
import { language, t } from "../i18n";
import { rank } from "../protocol";
import { h, write } from "./dom";

const SPAN_MS = 10 * 60_000;
const FLOOD_MIN = 10;
/** An alert less severe than this is no call to act. */
const RANK_MAX = 2;
/** Most groups of one kind that are named. */
const NAMED_MAX = 3;

export class Flood {
  readonly root = h("div", { id: "flood", role: "status", hidden: true });
  private readonly title = h("b");
  private readonly groups = h("span", { class: "groups" });
  private readonly hide = h("button", { type: "button", onclick: () => this.fold() });
  /** Raised at, by alert: what came while the page was open, and what stood when it was opened. */
  private readonly raised = new Map<string, number>();
  /** The banner is put away until so many have come. */
  private hiddenUpTo = 0;
  private drawn = "";

  constructor(private readonly app: App) {
    this.root.append(this.title, this.groups, h("span", { class: "dim" }), this.hide);
  }

  render(): void {
    const { app } = this;
    const now = app.serverNow();
    for (const { alert } of app.alerts.open.values()) {
      if (rank(alert.severity) <= RANK_MAX) this.raised.set(alert.alert_id, Date.parse(alert.raised_at));
    }
    for (const [id, at] of this.raised) if (at < now - SPAN_MS) this.raised.delete(id);
    const many = this.raised.size;
    const flooded = FLOOD_MIN < many;
    app.sound.onlyGravest = flooded;
    if (!flooded) this.hiddenUpTo = 0;
    this.root.hidden = !flooded || many <= this.hiddenUpTo;
    if (this.root.hidden) return;
    const [zones, operators] = this.grouped();
    const drawn = JSON.stringify([many, zones, operators, language()]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    write(this.title, t("flood_title", { n: many }));
    const chip = ([name, count]: [string, number]) => h("button", { type: "button", class: "chip", onclick: () => this.filter(name) }, `${name} ${count}`);
    this.groups.replaceChildren(
      ...(zones.length > 0 ? [h("span", {}, t("flood_zones")), ...zones.map(chip)] : []),
      ...(operators.length > 0 ? [h("span", {}, t("flood_operators")), ...operators.map(chip)] : []),
    );
    write(this.root.children[2] as HTMLElement, t("flood_sound"));
    write(this.hide, t("flood_hide"));
  }

  /** What stands, counted by zone and by operator. */
  private grouped(): [[string, number][], [string, number][]] {
    const [zones, operators] = [new Map<string, number>(), new Map<string, number>()];
    const add = (to: Map<string, number>, name: string | undefined) => name !== undefined && to.set(name, (to.get(name) ?? 0) + 1);
    for (const { alert } of this.app.alerts.open.values()) {
      if (RANK_MAX < rank(alert.severity)) continue;
      if (alert.zone) add(zones, zoneOf(alert, this.app.zones));
      add(operators, alert.operator);
    }
    const most = (groups: Map<string, number>) =>
      [...groups]
        .filter(([, count]) => count > 1)
        .sort((a, b) => b[1] - a[1])
        .slice(0, NAMED_MAX);
    return [most(zones), most(operators)];
  }

  private filter(name: string): void {
    const { filter } = this.app;
    filter.text = filter.text === name ? "" : name;
    this.app.draw();
  }

  /** Put away until half as many again have come. */
  private fold(): void {
    this.hiddenUpTo = Math.ceil(this.raised.size * 1.5);
    this.app.draw();
  }
}
