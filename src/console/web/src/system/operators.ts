// The feeds, one row for each operator: those that need somebody first.

import { span, t } from "../i18n";
import type { Operator } from "../fleet/store";
import { h, write } from "../ui/dom";
import { spark } from "./spark";

/** Most rows; more are counted, not drawn. */
const ROWS_MAX = 24;
/** Rates that a row's line is drawn of. */
const RATES_MAX = 40;

/** A feed is silent after so many seconds, late from such a median delay on. */
const SILENT_S = 15;
const LATE_S = 2;

export type FeedState = "failed" | "degraded" | "ok";

export function feedState({ heard_at, delay_s }: Operator, now: number): FeedState {
  const silentS = (now - Date.parse(heard_at ?? "")) / 1000;
  return SILENT_S < silentS ? "failed" : SILENT_S / 3 < silentS || LATE_S < (delay_s?.p50 ?? 0) ? "degraded" : "ok";
}

export class OperatorTable {
  private readonly title = h("h2");
  private readonly heads = Array.from({ length: 9 }, (_, at) => h("th", { scope: "col", class: at > 1 && at !== 4 ? "number" : undefined }));
  private readonly body = h("tbody");
  private readonly note = h("p", { class: "dim" });
  readonly root = h("section", { class: "card sys-feeds" }, this.title, h("div", { class: "sys-scroll", tabindex: "0", role: "region" }, h("table", {}, h("thead", {}, h("tr", {}, ...this.heads)), this.body)), this.note);
  private readonly rates = new Map<string, number[]>();

  /** The service answered. */
  take(operators: Operator[]): void {
    for (const { operator, rate_hz } of operators) this.rates.set(operator, [...(this.rates.get(operator) ?? []), rate_hz ?? 0].slice(-RATES_MAX));
  }

  render(operators: Operator[], now: number): void {
    write(this.title, t("sys_feeds"));
    this.root.children[1]?.setAttribute("aria-label", t("sys_feeds"));
    const names = ["", t("fleet_operator"), t("sys_feed_aircraft"), t("fleet_rate"), "", t("feed_delay"), t("feed_refused"), t("sys_feed_order"), t("feed_heard")];
    this.heads.forEach((head, at) => write(head, names[at] ?? ""));
    const order: FeedState[] = ["failed", "degraded", "ok"];
    const rows = operators.map((one) => ({ one, state: feedState(one, now) }));
    rows.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (a.one.operator < b.one.operator ? -1 : 1));
    const seconds = (value: number | undefined) => (value === undefined ? "–" : value.toFixed(2));
    const lines: [HTMLCanvasElement, number[]][] = [];
    this.body.replaceChildren(
      ...rows.slice(0, ROWS_MAX).map(({ one, state }) => {
        const silentS = (now - Date.parse(one.heard_at ?? "")) / 1000;
        const words = t(state === "ok" ? "sys_ok" : SILENT_S / 3 < silentS ? "feed_silent" : "feed_late");
        const canvas = h("canvas", { "aria-hidden": "true" });
        lines.push([canvas, this.rates.get(one.operator) ?? []]);
        const cells = [String(one.aircraft), one.rate_hz?.toFixed(1) ?? "–", canvas, `${seconds(one.delay_s?.p50)} / ${seconds(one.delay_s?.p99)} s`, String(one.refused), String(one.out_of_order ?? "–"), Number.isFinite(silentS) ? span(silentS) : "–"];
        return h(
          "tr",
          { "data-operator": one.operator },
          h("td", {}, h("span", { class: `status ${state}` }, words)),
          h("th", { scope: "row" }, one.operator),
          ...cells.map((cell) => h("td", { class: "number" }, cell)),
        );
      }),
    );
    for (const [canvas, rates] of lines) spark(canvas, rates);
    this.note.hidden = 0 < rows.length && rows.length <= ROWS_MAX;
    write(this.note, rows.length === 0 ? t("fleet_nobody") : t("fleet_more", { n: rows.length - ROWS_MAX }));
  }
}
