// How the feed of one aircraft does: rate, delay, order, and what of it was refused last.

import { clock, language, span, t, tMaybe } from "../i18n";
import { fillFigures } from "../ui/detail";
import { h, write } from "../ui/dom";
import type { Feed, LastRefused } from "./store";

export class FeedCard {
  readonly root: HTMLElement;
  private readonly title = h("h2");
  private readonly quality = h("span", { class: "status" });
  private readonly bars = h("div", { class: "bars", role: "img" });
  private readonly figures = h("dl", { class: "figures" });
  private readonly none = h("p", { class: "dim" });
  private readonly refused = h("div", { class: "last-refused" });
  private readonly refusedText = h("p");
  private readonly refusedDetail = h("p", { class: "dim" });
  private readonly take = h("button", { type: "button", onclick: () => this.last && this.taken(this.last) });
  private last: LastRefused | undefined;

  constructor(private readonly taken: (refused: LastRefused) => void) {
    this.refused.append(this.refusedText, this.refusedDetail, this.take);
    this.bars.append(...Array.from({ length: 12 }, () => h("i")));
    this.root = h("section", { class: "card" }, h("div", { class: "card-head" }, this.title, this.quality), this.none, this.bars, this.figures, this.refused);
  }

  /** `id`: the chosen aircraft, else the operator, of whose feeds together it tells. */
  render(id: string | undefined, feed: Feed | undefined, now: number): void {
    write(this.title, id === undefined ? t("feed") : `${t("feed")} · ${id}`);
    this.none.hidden = feed !== undefined;
    write(this.none, t("feed_nothing"));
    for (const part of [this.bars, this.figures, this.quality]) part.hidden = feed === undefined;
    this.last = feed?.last_refused;
    this.refused.hidden = this.last === undefined;
    if (!feed) return;
    const silentS = (now - Date.parse(feed.heard_at)) / 1000;
    const share = feed.refused / Math.max(1, feed.messages);
    const late = (feed.delay_s?.p50 ?? 0) > 2;
    const state = silentS > 15 ? "failed" : silentS > 5 || share > 0.01 || late ? "degraded" : "ok";
    this.quality.className = `status ${state}`;
    write(this.quality, t(silentS > 5 ? "feed_silent" : share > 0.01 ? "feed_refuses" : late ? "feed_late" : "sys_ok"));
    const most = Math.max(1, ...feed.recent);
    feed.recent.forEach((count, at) => {
      const bar = this.bars.children[at] as HTMLElement | undefined;
      bar?.style.setProperty("height", `${Math.round((count / most) * 100)}%`);
    });
    this.bars.setAttribute("aria-label", `${t("feed_minute")}: ${feed.recent.join(" ")}`);
    this.bars.title = t("feed_minute");
    // Zero has no sign.
    const skew = feed.skew_s === undefined || Math.abs(feed.skew_s) < 0.005 ? feed.skew_s && 0 : feed.skew_s;
    fillFigures(this.figures, [
      [t("fleet_rate"), feed.rate_hz.toFixed(2)],
      [t("feed_heard"), `${clock(Date.parse(feed.heard_at))} (${span(silentS)})`],
      [t("feed_delay"), feed.delay_s ? `${feed.delay_s.p50.toFixed(2)} / ${feed.delay_s.p99.toFixed(2)} s` : "–"],
      [t("feed_order"), `${feed.out_of_order} / ${feed.duplicates}`],
      [t("feed_skew"), skew === undefined ? "–" : `${skew > 0 ? "+" : ""}${skew.toFixed(2)} s`],
      [t("feed_refused"), `${feed.refused} (${(share * 100).toFixed(share > 0 && share < 0.1 ? 2 : 0)} %)`],
      [t("feed_backfilled"), String(feed.backfilled)],
      [t("sys_messages"), feed.messages.toLocaleString("en-US")],
    ]);
    if (!this.last) return;
    const { last } = this;
    const why = tMaybe(`reason_${last.reason}`, last.reason);
    write(this.refusedText, `${t("feed_last_refused")} ${clock(Date.parse(last.at))} · ${why}${last.field ? ` · ${last.field}` : ""}`);
    write(this.refusedDetail, language() === "zh" ? last.message["zh-CN"] : `${last.message.en} ${last.detail}`);
    this.refusedDetail.title = last.detail;
    this.take.hidden = last.payload === undefined;
    write(this.take, t("check_take"));
  }
}
