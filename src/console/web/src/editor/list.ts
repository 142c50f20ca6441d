// The panel on the left: the zones, the drafts that wait, and what was done before.

import { language, t, tMaybe } from "../i18n";
import { h, icon, ICONS, write } from "../ui/dom";
import * as api from "./api";
import { type Zone, asZone, copy, parts, titleOf } from "./model";
import type { Fault } from "./rules";
import { readable } from "./times";
import type { Work } from "./work";
import type { ZoneFeature } from "../store/zones";
import { shortHeights, zoneState } from "../store/zones";
import { minutesTo } from "../map/zonelayer";

type Tab = "zones" | "drafts" | "history";
const ROWS_MAX = 1000;

export interface Choices {
  choose(id: string): void;
  openDraft(draft: api.Draft): void;
  goBack(id: string, version: string, feature: Zone): void;
}

export class ZoneList {
  readonly root = h("section", { id: "zone-list" });
  private readonly title = h("h2");
  private readonly version = h("span", { class: "status ok" });
  private readonly tabs: { tab: Tab; button: HTMLButtonElement }[];
  private readonly search = h("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  private readonly searchBox = h("label", { class: "search" }, icon(ICONS.search), this.search);
  private readonly rows = h("ul", { class: "scroll", tabindex: "0" });
  private tab: Tab = "zones";
  private drafts: api.Draft[] = [];
  private versions: api.Version[] = [];
  private versionsOf = "";
  private problem = "";
  private drawn = "";

  constructor(
    private readonly work: Work,
    private readonly live: () => ZoneFeature[],
    private readonly choices: Choices,
    private readonly changed: () => void,
    private readonly serverNow: () => number,
  ) {
    const tab = (name: Tab) => ({ tab: name, button: h("button", { type: "button", role: "tab", "data-tab": name, onclick: () => this.open(name) }) });
    this.tabs = [tab("zones"), tab("drafts"), tab("history")];
    this.search.addEventListener("input", () => this.changed());
    const head = h("div", { class: "panel-head" }, this.title, h("div", { class: "grow" }), this.version);
    this.root.append(head, h("div", { class: "zone-tabs", role: "tablist" }, ...this.tabs.map(({ button }) => button)), this.searchBox, this.rows);
  }

  open(tab: Tab): void {
    this.tab = tab;
    void this.fetch();
    this.changed();
  }

  focusSearch(): void {
    this.open("zones");
    this.search.focus();
  }

  /** Asks for what the service keeps. */
  async fetch(): Promise<void> {
    const drafts = await api.drafts();
    if (drafts.ok) this.drafts = api.listed<api.Draft>(drafts.body);
    if (this.tab === "history") {
      const id = this.work.chosen;
      const found = id === undefined ? await api.audit() : await api.versions(id);
      this.problem = found.ok || found.status === 404 ? "" : (found.problem.detail ?? t("zone_history_none"));
      this.versions = found.ok ? api.listed<api.Version>(found.body) : [];
      this.versionsOf = id ?? "";
    }
    this.changed();
  }

  step(by: number): void {
    const items = [...this.rows.querySelectorAll<HTMLElement>("[data-zone] .pick")];
    const at = items.findIndex((item) => item.parentElement?.dataset["zone"] === this.work.chosen);
    items[Math.max(0, Math.min(items.length - 1, at + by))]?.click();
  }

  render(faults: Fault[], version: string): void {
    if (this.tab === "history" && this.versionsOf !== (this.work.chosen ?? "")) {
      this.versionsOf = this.work.chosen ?? "";
      void this.fetch();
    }
    const open = this.drafts.filter(({ state }) => state === "OPEN");
    const live = this.live();
    const now = this.serverNow();
    const drawn = JSON.stringify([this.tab, this.work.chosen, [...this.work.changes.keys()], this.titles(), this.drafts, this.versions, this.problem, version, this.search.value, language(), faults.map(({ zone, error }) => [zone, error]), live.map((zone) => this.stateText(zone, now)), this.work.draft?.draft_id]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    write(this.title, t("page_zones"));
    write(this.version, t("zone_live_version", { version: version.slice(0, 7) || "–" }));
    this.root.setAttribute("aria-label", t("page_zones"));
    this.search.placeholder = t("zone_search");
    this.search.setAttribute("aria-label", t("zone_search"));
    this.searchBox.hidden = this.tab !== "zones";
    const counts = { zones: live.length, drafts: open.length + (this.work.dirty && !this.work.draft ? 1 : 0), history: undefined };
    for (const { tab, button } of this.tabs) {
      const n = counts[tab];
      write(button, `${t(`zone_tab_${tab}`)}${n === undefined ? "" : ` ${n}`}`);
      button.setAttribute("aria-selected", String(tab === this.tab));
    }
    this.rows.setAttribute("aria-label", t(`zone_tab_${this.tab}`));
    const top = this.rows.scrollTop;
    const focused = document.activeElement?.closest<HTMLElement>("#zone-list li")?.dataset["zone"];
    this.rows.replaceChildren(...(this.tab === "zones" ? this.zoneRows(faults) : this.tab === "drafts" ? this.draftRows(faults) : this.historyRows()));
    this.rows.scrollTop = top;
    if (focused) this.rows.querySelector<HTMLElement>(`[data-zone="${CSS.escape(focused)}"] .pick`)?.focus();
  }

  private titles(): string[] {
    return [...this.work.changes.values()].map(({ now }) => (now ? `${titleOf(now, language())}${JSON.stringify(parts(now)[0]?.layer)}${now.properties.type}` : "-"));
  }

  private zoneRows(faults: Fault[]): HTMLElement[] {
    const wanted = this.search.value.trim().toLowerCase();
    const all = this.live().map(asZone);
    const news = [...this.work.changes.values()].filter(({ base, now }) => !base && now).map(({ now }) => now!);
    const fits = (zone: Zone) => {
      const { identifier, type, name } = zone.properties;
      return !wanted || [identifier, type, tMaybe(`zone_${type}`), ...(name ?? []).map(({ text }) => text)].some((text) => text.toLowerCase().includes(wanted));
    };
    const changed = all.filter((zone) => this.work.changes.has(zone.properties.identifier));
    const others = all.filter((zone) => !this.work.changes.has(zone.properties.identifier));
    const shown = [...news, ...changed, ...others].filter(fits);
    const rows = shown.slice(0, ROWS_MAX).map((zone) => this.zoneRow(zone.properties.identifier, zone, faults));
    if (shown.length === 0) rows.push(this.note(t(all.length === 0 ? "zone_none_yet" : "zone_none_found")));
    if (ROWS_MAX < shown.length) rows.push(this.note(t("zone_more_rows", { n: shown.length - ROWS_MAX })));
    return rows;
  }

  private zoneRow(id: string, told: Zone, faults: Fault[]): HTMLElement {
    const change = this.work.changes.get(id);
    const zone = change?.now ?? told;
    const errors = faults.filter((fault) => fault.zone === id && fault.error).length;
    const mark = !change ? "" : !change.now ? "−" : change.base ? "~" : "+";
    const kind = { "": "", "−": "removed", "~": "changed", "+": "added" }[mark];
    const feature = copy(zone) as unknown as ZoneFeature;
    const state = change ? "" : this.stateText(told as unknown as ZoneFeature, this.serverNow());
    const meta = [id, shortHeights(feature), state].filter(Boolean).join(" · ");
    const type = (zone.properties.limitedApplicability ?? []).length > 0 ? "temporary" : zone.properties.type;
    const pick = h(
      "button",
      { type: "button", class: "pick", onclick: () => this.choices.choose(id), ...(this.work.chosen === id ? { "aria-current": "true" } : {}) },
      h("span", { class: `mark ${kind}` }, mark, mark ? h("span", { class: "spoken" }, t(`zone_${kind as "added"}`)) : undefined),
      h("i", { class: `swatch ${type}` }),
      h("span", { class: "title" }, titleOf(zone, language())),
      h("span", { class: "meta" }, meta),
    );
    const fault = errors > 0 ? h("span", { class: "fault-count" }, t("zone_error_count", { n: errors })) : undefined;
    return h("li", { "data-zone": id, class: this.work.chosen === id ? "selected" : "" }, pick, fault);
  }

  private draftRows(faults: Fault[]): HTMLElement[] {
    const rows: HTMLElement[] = [];
    if (this.work.dirty && !this.work.draft) {
      rows.push(this.note(t("zone_mine"), "head"));
      for (const { id, now, base } of this.work.changes.values()) rows.push(this.zoneRow(id, (now ?? base)!, faults));
    }
    const order = [...this.drafts].sort((a, b) => Number(b.state === "OPEN") - Number(a.state === "OPEN") || b.created_at.localeCompare(a.created_at));
    if (order.length > 0) rows.push(this.note(t("zone_waiting"), "head"));
    for (const draft of order) rows.push(this.draftRow(draft));
    if (rows.length === 0) rows.push(this.note(t("zone_drafts_none")));
    return rows;
  }

  private stateText(zone: ZoneFeature, now: number): string {
    const { state, at } = zoneState(zone, now);
    return state === "soon" ? t("zone_soon", { n: minutesTo(at, now) }) : state === "off" ? t("zone_off") : "";
  }

  private draftRow(draft: api.Draft): HTMLElement {
    const open = draft.state === "OPEN";
    const words = api.said(draft.difference?.words) || draft.changes.map(({ id }) => id).join(", ");
    const pick = h(
      "button",
      { type: "button", class: "pick draft", disabled: !open, onclick: () => this.choices.openDraft(draft) },
      h("span", { class: "title" }, draft.reason),
      h("span", { class: "meta" }, `${draft.author} · ${readable(draft.created_at).slice(0, 16)}`),
      h("span", { class: "meta" }, words),
      h("span", { class: `state ${draft.state}` }, open && draft.needs_approval ? t("zone_draft_waits") : tMaybe(`zone_draft_${draft.state}`)),
    );
    return h("li", { "data-draft": draft.draft_id, class: this.work.draft?.draft_id === draft.draft_id ? "selected" : "" }, pick);
  }

  private historyRows(): HTMLElement[] {
    const { chosen } = this.work;
    const rows = [this.note(chosen === undefined ? t("zone_history_all") : t("zone_history_of", { id: chosen }), "head")];
    if (this.problem) rows.push(this.note(this.problem));
    this.versions.forEach((one, i) => {
      const id = one.id ?? one.zone ?? chosen ?? "";
      const live = this.work.liveZone(id)?.lowsky?.version === one.version;
      const newest = chosen !== undefined && i === 0 && live;
      const back =
        chosen !== undefined && one.feature && !newest
          ? h("button", { type: "button", class: "back", onclick: () => this.choices.goBack(id, one.version, one.feature!) }, t("zone_roll_back"))
          : undefined;
      const head = h("span", { class: "title" }, `${tMaybe(`zone_act_${one.action}`, one.action ?? "")}${chosen === undefined ? ` ${id}` : ""}`);
      rows.push(
        h("li", { class: "version", "data-version": one.version ?? "" }, head, newest ? h("span", { class: "status ok" }, t("zone_in_force")) : undefined,
          h("span", { class: "meta" }, `${readable(one.at)} · ${one.author || "–"}`), h("span", { class: "meta" }, one.reason || "–"), back),
      );
    });
    if (this.versions.length === 0 && !this.problem) rows.push(this.note(t("zone_history_none")));
    return rows;
  }

  private note(text: string, kind = ""): HTMLElement {
    return h("li", { class: `note ${kind}` }, text);
  }
}
