// The list of alerts: unacknowledged before acknowledged, then severity, then the newest. Rows stay the same
// elements while they are updated, so that neither a click nor the keyboard's focus falls between two of them.

import type { App } from "../app";
import { headline, parties, zoneOf } from "../headline";
import { clock, language, span, t, tMaybe } from "../i18n";
import { type Alert, isShelved, rank, SEVERITIES } from "../protocol";
import { byUrgency, type Entry } from "../store/alerts";
import { blinkOn, h, icon, ICONS, NUMERALS, shape, toggle, write } from "./dom";

/** Most rows; more alerts than a person can read are counted, not drawn. */
const ROWS_MAX = 300;

interface Row {
  item: HTMLLIElement;
  block: HTMLElement;
  numeral: HTMLElement;
  title: HTMLElement;
  meta: HTMLElement;
  age: HTMLElement;
  state: HTMLElement;
  ack: HTMLButtonElement;
  drawn: string;
  rank: number;
}

export class AlertList {
  readonly root: HTMLElement;
  private readonly title = h("h2");
  private readonly total = h("span", { class: "total" });
  private readonly ackAll = h("button", { id: "ack-visible", type: "button", onclick: () => void this.acknowledgeVisible() });
  private readonly chips = SEVERITIES.slice(0, 4).map((severity, at) => {
    const name = h("span");
    const button = h("button", { class: `chip rank${at}`, type: "button", onclick: () => this.flip(at) }, shape(at), name);
    return { severity, name, button };
  });
  private readonly unacked = h("button", { class: "chip", type: "button", onclick: () => this.flipFlag("unackedOnly") });
  private readonly inView = h("button", { class: "chip", type: "button", onclick: () => this.flipFlag("inViewOnly") });
  readonly search = h("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false", oninput: () => this.typed() });
  private readonly held = h("div", { class: "held", role: "status", hidden: true });
  private readonly list = h("ul", { id: "alerts", tabindex: "-1" });
  private readonly none = h("div", { class: "none", hidden: true });
  private readonly noneTitle = h("b");
  private readonly noneWhy = h("span");
  private readonly clear = h("button", { type: "button", onclick: () => this.clearFilter() });
  private readonly group = h("section", { id: "cleared", hidden: true });
  private readonly groupToggle = h("button", { type: "button", class: "fold", "aria-expanded": "false", onclick: () => this.fold() });
  private readonly noteAll = h("button", { type: "button", onclick: () => void this.noteAllCleared() });
  private readonly groupList = h("ul", { class: "alerts", hidden: true });
  private readonly aside = h("section", { id: "shelved", hidden: true });
  private readonly asideToggle = h("button", { type: "button", class: "fold", "aria-expanded": "false", onclick: () => this.foldAside() });
  private readonly asideList = h("ul", { class: "alerts", hidden: true });
  private readonly asideRows = new Map<string, Row>();
  private readonly rows = new Map<string, Row>();
  private readonly clearedRows = new Map<string, Row>();
  private order: string[] = [];
  /** How severe each row was when the order was held. */
  private ranks = new Map<string, number>();
  private hovered = false;

  constructor(private readonly app: App) {
    this.none.append(icon(ICONS.check), this.noneTitle, this.noneWhy, this.clear);
    this.group.append(h("div", { class: "fold-bar" }, this.groupToggle, this.noteAll), this.groupList);
    this.aside.append(h("div", { class: "fold-bar" }, this.asideToggle), this.asideList);
    const field = h("label", { class: "search" }, icon(ICONS.search), this.search);
    this.root = h(
      "section",
      { class: "panel" },
      // What waits is told over the chips: were it put between, the rows would move under the hand.
      h(
        "div",
        { class: "panel-top" },
        h("div", { class: "panel-head" }, this.title, this.total, h("div", { class: "grow" }), this.ackAll),
        h("div", { class: "chips" }, ...this.chips.map(({ button }) => button)),
        this.held,
      ),
      h("div", { class: "filters" }, field, this.unacked, this.inView),
      h("div", { class: "scroll" }, this.list, this.none),
      this.aside,
      this.group,
    );
    // Under a resting hand the order must not change.
    this.list.addEventListener("pointerenter", (event) => (this.hovered = event.pointerType === "mouse"));
    this.list.addEventListener("pointerleave", () => {
      this.hovered = false;
      app.draw();
    });
  }

  /** The alerts that pass the filter, in order. */
  visible(): Entry[] {
    const now = this.app.serverNow();
    const entries = [...this.app.alerts.open.values()].filter(({ alert }) => !isShelved(alert, now) && this.passes(alert));
    return entries.sort(byUrgency);
  }

  /** The identities in the order that is shown. */
  shown(): string[] {
    return this.order;
  }

  render(): void {
    const { app } = this;
    const { filter } = app;
    write(this.title, t("alerts"));
    write(this.total, String(app.alerts.open.size));
    write(this.ackAll, t("ack_visible"));
    this.ackAll.title = t("ack_visible_title");
    this.chips.forEach(({ severity, name, button }, at) => {
      write(name, t(severity));
      button.setAttribute("aria-pressed", String(!filter.hidden.has(at)));
    });
    write(this.unacked, t("only_unacked"));
    this.unacked.setAttribute("aria-pressed", String(filter.unackedOnly));
    write(this.inView, t("only_view"));
    this.inView.setAttribute("aria-pressed", String(filter.inViewOnly));
    this.search.placeholder = t("search");
    this.search.setAttribute("aria-label", t("search"));
    if (document.activeElement !== this.search && this.search.value !== filter.text) this.search.value = filter.text;

    const visible = this.visible();
    this.ackAll.disabled = !app.stream.live || !visible.some(({ alert }) => !alert.acknowledged && alert.severity !== "CRITICAL");
    if (this.hovered && this.order.length > 0) {
      // What is gone stays where it is, so that nothing slips under the pointer.
      this.tellWaiting(visible);
    } else {
      this.held.hidden = true;
      const shown = visible.slice(0, ROWS_MAX);
      this.order = shown.map(({ alert }) => alert.alert_id);
      this.ranks = new Map(shown.map(({ alert }) => [alert.alert_id, rank(alert.severity)]));
    }
    this.arrange(this.list, this.rows, this.order, false);
    this.renderNone(visible.length);
    this.renderAside();
    this.renderCleared();
  }

  /** What would stand elsewhere if the order were not held: what is new, and what became more severe. */
  private tellWaiting(visible: Entry[]): void {
    const waiting = visible.filter(({ alert }) => rank(alert.severity) < (this.ranks.get(alert.alert_id) ?? Infinity));
    const critical = waiting.find(({ alert }) => alert.severity === "CRITICAL" && !alert.acknowledged)?.alert;
    this.held.hidden = waiting.length === 0;
    toggle(this.held, "grave", critical !== undefined);
    const named = critical ? ` · ${NUMERALS[0]} ${t("CRITICAL")}: ${headline(critical, this.app.zones)} · ${parties(critical)}` : "";
    write(this.held, t("frozen_order", { n: waiting.length }) + named);
  }

  private arrange(list: HTMLElement, rows: Map<string, Row>, order: string[], cleared: boolean): void {
    const keep = new Set(order);
    for (const [id, row] of rows) {
      if (keep.has(id)) continue;
      row.item.remove();
      rows.delete(id);
    }
    order.forEach((id, place) => {
      let row = rows.get(id);
      if (!row) {
        row = this.row(id);
        rows.set(id, row);
      }
      const there = list.children[place];
      if (there !== row.item) list.insertBefore(row.item, there ?? null);
      const entry = this.app.alerts.find(id);
      if (entry) this.fill(row, entry, cleared || entry.alert.state === "CLEARED");
      else toggle(row.item, "gone", true);
    });
  }

  private row(id: string): Row {
    const numeral = h("span", { class: "numeral" });
    const block = h("span", { class: "block" });
    const [title, meta, age, state] = [
      h("span", { class: "title" }),
      h("span", { class: "meta" }),
      h("span", { class: "age" }),
      h("span", { class: "state" }),
    ];
    const pick = h("button", { type: "button", class: "pick", onclick: () => this.pick(id) }, block, title, age, meta, state);
    const ack = h("button", { type: "button", class: "ack", onclick: () => this.press(id) }, icon(ICONS.check));
    const item = h("li", { "data-id": id }, pick, ack);
    return { item, block, numeral, title, meta, age, state, ack, drawn: "", rank: -1 };
  }

  private fill(row: Row, { alert, heardAt, volatile }: Entry, cleared: boolean): void {
    const { app } = this;
    const at = rank(alert.severity);
    if (row.rank !== at) {
      row.rank = at;
      write(row.numeral, NUMERALS[at] ?? "");
      row.block.replaceChildren(shape(at), row.numeral);
    }
    const selected = app.alert?.alert_id === alert.alert_id;
    const acked = Boolean(alert.acknowledged);
    const live = app.stream.live;
    const age = span((app.serverNow() - Date.parse(cleared ? (alert.cleared_at ?? alert.updated_at) : alert.raised_at)) / 1000);
    write(row.age, age);
    const aside = isShelved(alert, app.serverNow());
    toggle(row.item, "lit", !acked && !cleared && !aside && at < 2 && blinkOn());
    const drawn = [heardAt, selected, cleared, aside, live, language(), app.zones.version, volatile].join();
    if (row.drawn === drawn) return;
    row.drawn = drawn;
    const lit = row.item.classList.contains("lit");
    row.item.className = `alert rank${at}${selected ? " selected" : ""}${acked ? " acked" : ""}${cleared ? " cleared" : ""}${lit ? " lit" : ""}`;
    write(row.title, headline(alert, app.zones));
    const again = alert.announced_again ? t("again", { n: alert.announced_again }) : "";
    const doubt = alert.data === "GOOD" ? "" : tMaybe(`data_${alert.data}`, "");
    const height = alert.measured["height_agl_m"];
    const high = height !== undefined && alert.code !== "HEIGHT_LIMIT" ? `${t("height_agl")} ${Math.round(height)} m` : "";
    const parts = [parties(alert), tMaybe(`tag_${alert.code}`, alert.code), high, doubt, again, volatile === undefined ? "" : t("not_durable")];
    write(row.meta, parts.filter(Boolean).join(" · "));
    const until = alert.shelved ? clock(Date.parse(alert.shelved.until)) : "";
    write(row.state, cleared ? t("cleared") : aside ? t("shelved_until", { until }) : acked ? t("acknowledged") : t("unacknowledged"));
    row.ack.hidden = acked && !cleared;
    row.ack.disabled = !live;
    row.ack.setAttribute("aria-label", `${t("acknowledge")} ${parties(alert)}`);
    const pick = row.item.firstElementChild as HTMLElement;
    pick.setAttribute("aria-label", `${NUMERALS[at]} ${t(alert.severity)} ${row.title.textContent} ${row.meta.textContent} ${row.state.textContent}`);
    if (selected) pick.setAttribute("aria-current", "true");
    else pick.removeAttribute("aria-current");
  }

  private renderNone(count: number): void {
    const { app } = this;
    // An empty list means "all clear" only while it is live.
    this.none.hidden = count > 0 || !app.stream.live;
    if (this.none.hidden) return;
    const hidden = app.alerts.open.size;
    this.clear.hidden = hidden === 0;
    write(this.clear, t("clear_filter"));
    write(this.noneTitle, hidden > 0 ? t("none_filtered", { n: hidden }) : t("none"));
    const at = app.stream.heartbeatWall ? clock(app.stream.heartbeatWall) : "–";
    write(this.noneWhy, hidden > 0 ? "" : t("none_why", { at }));
  }

  /** What is put aside stays counted, and can be looked at. */
  private renderAside(): void {
    const now = this.app.serverNow();
    const entries = [...this.app.alerts.open.values()].filter(({ alert }) => isShelved(alert, now)).sort(byUrgency);
    this.aside.hidden = entries.length === 0;
    write(this.asideToggle, `${this.asideList.hidden ? "▸" : "▾"} ${t("shelved_group", { n: entries.length })}`);
    const order = this.asideList.hidden ? [] : entries.slice(0, ROWS_MAX).map(({ alert }) => alert.alert_id);
    this.arrange(this.asideList, this.asideRows, order, false);
  }

  private foldAside(): void {
    this.asideList.hidden = !this.asideList.hidden;
    this.asideToggle.setAttribute("aria-expanded", String(!this.asideList.hidden));
    this.app.draw();
  }

  private renderCleared(): void {
    const { cleared } = this.app.alerts;
    this.group.hidden = cleared.size === 0;
    if (cleared.size === 0) return this.arrange(this.groupList, this.clearedRows, [], true);
    write(this.groupToggle, `${this.groupList.hidden ? "▸" : "▾"} ${t("cleared_group", { n: cleared.size })}`);
    write(this.noteAll, t("note_all"));
    this.noteAll.disabled = !this.app.stream.live;
    const order = [...cleared.values()].sort((a, b) => a.peak - b.peak || (a.alert.updated_at < b.alert.updated_at ? 1 : -1));
    this.arrange(this.groupList, this.clearedRows, this.groupList.hidden ? [] : order.slice(0, ROWS_MAX).map(({ alert }) => alert.alert_id), true);
  }

  private passes(alert: Alert): boolean {
    const { filter } = this.app;
    if (filter.hidden.has(Math.min(rank(alert.severity), 3))) return false;
    if (filter.unackedOnly && alert.acknowledged) return false;
    if (filter.inViewOnly && alert.position) {
      const { position } = alert;
      const i = this.app.tracks.at(alert.uas_id);
      const seen = i !== undefined ? this.app.map.sees(this.app.tracks.x[i]!, this.app.tracks.y[i]!) : this.app.seesPlace(position.lng, position.lat);
      if (!seen) return false;
    }
    const wanted = filter.text.trim().toLowerCase();
    if (!wanted) return true;
    const texts = [
      alert.uas_id,
      alert.operator,
      alert.other?.uas_id,
      alert.other?.operator,
      alert.zone?.id,
      alert.zone?.name,
      zoneOf(alert, this.app.zones),
      alert.code,
      tMaybe(`tag_${alert.code}`, ""),
      headline(alert, this.app.zones),
    ];
    return wanted.split(/\s+/).every((word) => texts.some((text) => text?.toLowerCase().includes(word)));
  }

  private pick(id: string): void {
    const entry = this.app.alerts.find(id);
    if (entry) this.app.locate(entry.alert);
  }

  /** A CRITICAL alert is acknowledged only once it is looked at. */
  private press(id: string): void {
    const entry = this.app.alerts.find(id);
    if (!entry) return;
    const critical = entry.alert.severity === "CRITICAL" && entry.alert.state === "OPEN";
    if (critical && this.app.alert?.alert_id !== id) this.app.locate(entry.alert);
    else void this.app.acknowledge(id);
  }

  async acknowledgeVisible(): Promise<void> {
    const due = this.visible().filter(({ alert }) => !alert.acknowledged && alert.severity !== "CRITICAL");
    for (const { alert } of due) {
      if (!(await this.app.acknowledge(alert.alert_id))) return;
    }
  }

  private async noteAllCleared(): Promise<void> {
    for (const id of [...this.app.alerts.cleared.keys()]) {
      if (!(await this.app.acknowledge(id))) return;
    }
  }

  private fold(): void {
    this.groupList.hidden = !this.groupList.hidden;
    this.groupToggle.setAttribute("aria-expanded", String(!this.groupList.hidden));
    this.app.draw();
  }

  private flip(at: number): void {
    const { hidden } = this.app.filter;
    if (hidden.has(at)) hidden.delete(at);
    else hidden.add(at);
    this.app.draw();
  }

  private flipFlag(name: "unackedOnly" | "inViewOnly"): void {
    this.app.filter[name] = !this.app.filter[name];
    this.app.draw();
  }

  private typed(): void {
    this.app.filter.text = this.search.value;
    this.app.draw();
  }

  private clearFilter(): void {
    Object.assign(this.app.filter, { hidden: new Set(), text: "", unackedOnly: false, inViewOnly: false });
    this.search.value = "";
    this.app.draw();
  }
}

