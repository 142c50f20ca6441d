// The foot of the page: what the changes are, who would be alerted, and what can be done with them.

import type { App } from "../app";
import { t } from "../i18n";
import { h, write } from "../ui/dom";
import { type Alerted, type Check, said } from "./api";
import type { Fault } from "./rules";
import { fieldWords, together } from "./words";
import type { Work } from "./work";

const NAMES_MAX = 40;

export interface Deeds {
  publish(): void;
  save(): void;
  withdraw(): void;
  discard(): void;
}

export class Bar {
  readonly root = h("section", { id: "zone-bar" });
  readonly publish: HTMLButtonElement;
  private readonly save: HTMLButtonElement;
  private readonly withdraw: HTMLButtonElement;
  private readonly discard: HTMLButtonElement;
  private readonly title = h("b");
  private readonly counts = h("span", { class: "zone-counts" });
  private readonly fields = h("ul", { class: "zone-changes" });
  private readonly keys = h("div", { class: "zone-keys" });
  private readonly nowCount = h("b", { class: "zone-many", id: "alerted-now" });
  private readonly nowTitle = h("b");
  private readonly nowNote = h("span", { class: "dim" });
  private readonly names = h("div", { class: "zone-names", role: "group", tabindex: "0" });
  private readonly hourCount = h("b", { class: "zone-many", id: "alerted-hour" });
  private readonly hourTitle = h("b");
  private readonly hourNote = h("span", { class: "dim" });
  private readonly verdict = h("p", { class: "zone-verdict", role: "status" });
  private drawn = "";

  constructor(
    private readonly app: App,
    private readonly work: Work,
    deeds: Deeds,
  ) {
    const button = (run: () => void, kind = "") => h("button", { type: "button", class: kind, onclick: run });
    this.publish = button(deeds.publish, "primary");
    this.save = button(deeds.save);
    this.withdraw = button(deeds.withdraw);
    this.discard = button(deeds.discard);
    this.publish.id = "zone-publish";
    this.save.id = "zone-save";
    this.root.append(
      h("div", { class: "zone-diff" }, h("div", { class: "zone-line" }, this.title, this.counts), this.fields, this.keys),
      h("div", { class: "zone-alerted" }, this.nowCount, h("div", {}, this.nowTitle, this.nowNote), this.names),
      h("div", { class: "zone-hour" }, this.hourCount, h("div", {}, this.hourTitle, this.hourNote)),
      h("div", { class: "zone-deeds" }, this.verdict, h("div", { class: "zone-actions" }, this.discard, this.withdraw, this.save, this.publish)),
    );
  }

  render(check: Check | undefined, faults: Fault[], fresh: boolean, live: boolean): void {
    const { work } = this;
    this.root.hidden = !work.dirty;
    if (!work.dirty) return;
    this.root.setAttribute("aria-label", t("zone_bar"));
    const draft = work.draft;
    write(this.title, draft ? t("zone_draft_of", { author: draft.author }) : t("zone_against_live"));
    this.renderDifference(check);
    const errors = faults.filter(({ error }) => error).length;
    // What is wrong alerts nobody; that must not read as that nobody would be alerted.
    const judged = errors === 0 && check?.valid !== false;
    const now = (judged && check?.alerted_now) || [];
    const hour = judged ? check?.alerted_last_hour : undefined;
    write(this.nowCount, judged && check?.alerted_now ? String(aircraft(now).length) : "–");
    this.nowCount.classList.toggle("some", now.length > 0);
    write(this.nowTitle, t("zone_alerted_now"));
    const figures = { fresh: aircraft(now.filter((one) => one.new !== false)).length, gone: aircraft(check?.no_longer_alerted_now ?? []).length };
    write(this.nowNote, t(!judged ? "zone_not_judged" : fresh && check?.alerted_now ? "zone_alerted_note" : "zone_checking", figures));
    write(this.hourCount, hour ? String(aircraft(hour).length) : "–");
    write(this.hourTitle, t("zone_alerted_hour"));
    write(this.hourNote, t(!judged ? "zone_not_judged" : check?.partial ? "zone_alerted_hour_partial" : "zone_alerted_hour_note"));
    this.renderNames(now);
    const stale = work.stale().length;
    const warnings = faults.length - errors;
    const verdict = !live
      ? t("zone_not_live")
      : errors > 0
        ? t("zone_errors", { n: errors })
        : stale > 0
          ? t("zone_stale", { n: stale })
          : draft
            ? `${draft.reason}${draft.why ? ` · ${said(draft.why)}` : ""}`
            : check?.difference?.needs_approval
              ? t("zone_second_person")
              : warnings > 0
                ? t("zone_warnings", { n: warnings })
                : t("zone_ready");
    write(this.verdict, verdict);
    this.verdict.classList.toggle("bad", errors > 0 || !live);
    this.verdict.classList.toggle("warned", stale > 0 || (check?.difference?.needs_approval ?? false));
    write(this.discard, t("zone_discard_all"));
    write(this.withdraw, t("zone_withdraw"));
    this.withdraw.hidden = !draft;
    write(this.save, t("zone_save_draft"));
    this.save.hidden = draft !== undefined && !work.draftTouched;
    write(this.publish, draft ? t("zone_approve") : errors > 0 ? t("zone_publish_errors", { n: errors }) : t("zone_publish"));
    const blocked = errors > 0 || !live || !check || !check.valid || (draft !== undefined && work.draftTouched);
    this.publish.disabled = blocked;
    this.save.disabled = errors > 0 || !live;
  }

  private renderDifference(check: Check | undefined): void {
    const found = check?.difference;
    // As the service counts, or as they are here while it cannot.
    const here = [...this.work.changes.values()];
    const added = found?.added.length ?? here.filter(({ base, now }) => now && !base).length;
    const changed = found?.changed.length ?? here.filter(({ base, now }) => now && base).length;
    const removed = found?.removed.length ?? here.filter(({ now }) => !now).length;
    const drawn = JSON.stringify([found, added, changed, removed, t("zone_area"), this.work.draft?.draft_id]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const count = (kind: string, sign: string, n: number, text: string) => h("span", { class: kind }, `${sign}${n} ${text}`);
    this.counts.replaceChildren(
      count("added", "+", added, t("zone_added")),
      count("changed", "~", changed, t("zone_changed")),
      count("removed", "−", removed, t("zone_removed")),
    );
    const many = (found?.changed.length ?? 0) > 1;
    const lines = (found?.changed ?? []).map(({ id, fields, area_m2 }) => `${many ? `${id}: ` : ""}${together(fieldWords(fields ?? [], area_m2))}`);
    this.fields.replaceChildren(...lines.map((text) => h("li", { title: text }, text)));
    const key = (kind: string, text: string) => h("span", {}, h("i", { class: kind }), text);
    this.keys.replaceChildren(key("added", t("zone_area_added")), key("removed", t("zone_area_released")), key("old", t("zone_old_edge")));
  }

  private renderNames(now: Alerted[]): void {
    const ids = aircraft(now).slice(0, NAMES_MAX);
    this.names.setAttribute("aria-label", t("zone_alerted_now"));
    const drawn = ids.join();
    if (this.names.dataset["ids"] === drawn) return;
    this.names.dataset["ids"] = drawn;
    this.names.replaceChildren(...ids.map((id) => h("button", { type: "button", onclick: () => this.show(id) }, id)));
  }

  private show(id: string): void {
    this.app.choose(id);
    const { tracks, map } = this.app;
    const i = tracks.at(id);
    if (i !== undefined) map.fly([tracks.x[i]!, tracks.y[i]!]);
  }
}

function aircraft(alerted: Alerted[]): string[] {
  return [...new Set(alerted.map(({ uas_id }) => uas_id))];
}
