// The form of the chosen zone: its fields, its points, and what is wrong with each.

import { language, t, tMaybe } from "../i18n";
import { h, icon, ICONS, toggle, write } from "../ui/dom";
import { areaM2 } from "./geometry";
import { FIELDS, type Field } from "./fields";
import { type Daily, formOf, parts, type Period, pointsOf, type Zone } from "./model";
import type { Fault, FieldName } from "./rules";
import { fromLocal, timeOfDay, toLocal } from "./times";
import { PointTable } from "./points";
import type { Work } from "./work";

interface Shown {
  field: Field;
  box: HTMLElement;
  label: HTMLElement;
  input: HTMLInputElement | HTMLSelectElement | undefined;
  toggles: HTMLButtonElement[];
  fault: HTMLElement;
  /** What stands in it cannot be read; the zone is as before. */
  unread: boolean;
}

export class ZoneForm {
  readonly root = h("section", { class: "zone-form", "aria-live": "off" });
  readonly table: PointTable;
  private readonly title = h("h2");
  private readonly code = h("span", { class: "dim" });
  private readonly back = h("button", { type: "button", onclick: () => this.work.chosen !== undefined && this.work.revert(this.work.chosen) });
  private readonly bin = h("button", { type: "button", class: "danger", onclick: () => this.work.chosen !== undefined && this.work.remove(this.work.chosen) });
  private readonly removed = h("p", { class: "zone-removed" });
  private readonly body = h("div", { class: "zone-fields" });
  private readonly more = h("details", { class: "wide" }, h("summary"), h("div", { class: "zone-fields" }));
  private readonly geometry = h("div", { class: "zone-figures" });
  private readonly partSelect = h("select", { onchange: () => this.choosePart() });
  private readonly partBox = h("label", { class: "zone-field wide" }, h("span"), this.partSelect);
  private readonly others = h("ul", { class: "zone-other-faults" });
  private readonly periods = h("p", { class: "dim wide" });
  private shown: Shown[] = [];
  private filled: string | undefined;
  private lang = "";
  private beginning = false;

  constructor(private readonly work: Work) {
    this.table = new PointTable(work);
    this.root.append(h("div", { class: "panel-head" }, this.title, this.code, h("div", { class: "grow" }), this.back, this.bin), this.removed, this.others, this.body);
  }

  /** Puts the cursor into the first field, for a zone that has just been drawn. */
  begin(): void {
    this.beginning = true;
  }

  render(faults: Fault[], live: boolean): void {
    const zone = this.work.current;
    const { chosen } = this.work;
    this.root.hidden = chosen === undefined;
    if (chosen === undefined) return;
    if (this.lang !== language()) this.build();
    const change = this.work.changes.get(chosen);
    write(this.title, t(!change ? "zone_of" : !change.now ? "zone_will_go" : change.base ? "zone_changes" : "zone_new"));
    write(this.code, chosen);
    this.back.hidden = !change;
    write(this.back, t("zone_revert"));
    this.bin.hidden = !zone;
    this.bin.setAttribute("aria-label", t(change && !change.base ? "zone_discard" : "zone_remove"));
    this.bin.title = this.bin.getAttribute("aria-label") ?? "";
    if (!this.bin.firstChild) this.bin.append(icon(ICONS.bin));
    this.removed.hidden = zone !== undefined;
    write(this.removed, t(live ? "zone_will_go_note" : "zone_gone_note"));
    this.body.hidden = !zone;
    const own = faults.filter((fault) => fault.zone === chosen);
    this.others.replaceChildren(...own.filter(({ field }) => field === "other" || field === "id").map((fault) => h("li", { class: fault.error ? "fault" : "fault mild" }, fault.text)));
    this.others.hidden = this.others.childElementCount === 0;
    if (zone) this.fill(zone, own);
    if (this.beginning) this.shown[0]?.input?.focus();
    this.beginning = false;
  }

  /** Times that cannot be read: nothing may be published while the form says something else than the zone. */
  unread(): Fault[] {
    const zone = this.work.current?.properties.identifier;
    if (zone === undefined || zone !== this.filled) return [];
    return this.shown.filter((one) => one.unread).map(({ field }) => ({ zone, field: field.name, error: true, rows: [], edges: [], text: t(field.kind === "clock" ? "zone_clock_form" : "zone_moment_form") }));
  }

  private fill(zone: Zone, faults: Fault[]): void {
    const { part } = this.work;
    const another = this.filled !== zone.properties.identifier;
    this.filled = zone.properties.identifier;
    for (const one of this.shown) {
      const value = one.field.read(zone, part);
      if (another) one.unread = false;
      if (one.input && !one.unread && document.activeElement !== one.input && one.input.value !== value) one.input.value = value;
      const on = value.split(",");
      for (const button of one.toggles) button.setAttribute("aria-pressed", String(on.includes(button.dataset["value"] ?? "")));
      this.tell(one, faults);
    }
    const all = parts(zone);
    this.partBox.hidden = all.length < 2;
    const wanted = all.map((_, i) => String(i)).join();
    if (this.partSelect.dataset["all"] !== wanted + language()) {
      this.partSelect.dataset["all"] = wanted + language();
      this.partSelect.replaceChildren(...all.map((_, i) => h("option", { value: i }, t("zone_part", { n: i + 1, of: all.length }))));
    }
    this.partSelect.value = String(part);
    const shape = all[part];
    const km2 = shape ? areaM2(shape) / 1e6 : 0;
    const holes = shape?.type === "Polygon" ? Math.max(0, ((shape.coordinates as unknown[] | undefined)?.length ?? 1) - 1) : 0;
    const figures = [
      ...(holes > 0 ? [[t("zone_holes"), String(holes)]] : []),
      [t("zone_vertices"), formOf(shape) === "other" ? "–" : String(pointsOf(shape).length)],
      [t("zone_area"), `${km2 < 0.1 ? Math.round(km2 * 1e6).toLocaleString("en-US") + " m²" : km2.toFixed(3) + " km²"}`],
    ];
    this.geometry.replaceChildren(...figures.map(([name, value]) => h("span", {}, `${name} `, h("b", {}, value))));
    toggle(this.geometry, "bad", faults.some(({ field, error }) => error && field === "points"));
    const [first, ...later] = zone.properties.limitedApplicability ?? [];
    const more = [...later.map(periodText), ...(first?.schedule ?? []).slice(1).map(dailyText)];
    this.periods.hidden = more.length === 0;
    write(this.periods, `${t("zone_periods")} ${more.join(" · ")}`);
    this.table.render(zone, faults);
  }

  private tell(one: Shown, faults: Fault[]): void {
    const first = this.shown.find(({ field }) => field.name === one.field.name) === one;
    const own = first ? faults.filter(({ field }) => field === one.field.name) : [];
    const error = own.some((fault) => fault.error);
    toggle(one.box, "bad", error);
    one.input?.setAttribute("aria-invalid", String(error));
    write(one.fault, own.map(({ text }) => text).join(" "));
    one.fault.className = error ? "fault" : "fault mild";
    one.fault.hidden = own.length === 0;
  }

  private choosePart(): void {
    this.work.part = Number(this.partSelect.value);
    this.work.vertex = undefined;
    this.root.dispatchEvent(new Event("part"));
  }

  private build(): void {
    this.lang = language();
    const [summary, inner] = [this.more.firstElementChild as HTMLElement, this.more.lastElementChild as HTMLElement];
    write(summary, t("zone_more"));
    write(this.partBox.firstElementChild as HTMLElement, t("zone_part_label"));
    this.shown = FIELDS.map((field) => this.make(field));
    this.body.replaceChildren(...this.shown.filter(({ field }) => !field.more).map(({ box }) => box), this.periods, this.more, this.partBox, this.geometry, this.table.root);
    inner.replaceChildren(...this.shown.filter(({ field }) => field.more).map(({ box }) => box));
    this.table.root.setAttribute("aria-label", t("zone_points"));
  }

  private make(field: Field): Shown {
    const label = h("span", {}, field.label());
    const id = `zone-${field.key}`;
    const fault = h("span", { class: "fault", id: `${id}-fault`, hidden: true });
    const put = (value: string) => this.work.edit(field.key, (zone) => field.write(zone, this.work.part, value));
    let input: HTMLInputElement | HTMLSelectElement | undefined;
    const toggles: HTMLButtonElement[] = [];
    if (field.kind === "select") {
      const select = h("select", { id, "aria-describedby": `${id}-fault`, onchange: () => put(select.value) });
      select.append(...(field.options?.() ?? []).map(([value, text]) => h("option", { value }, text)));
      input = select;
    } else if (field.kind === "toggles") {
      for (const [value, text] of field.options?.() ?? []) {
        const press = () => {
          const on = button.getAttribute("aria-pressed") !== "true";
          button.setAttribute("aria-pressed", String(on));
          put(toggles.filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset["value"]).join());
        };
        const button = h("button", { type: "button", class: "chip", "data-value": value, onclick: press }, text);
        toggles.push(button);
      }
    } else {
      // The browser's own fields for times are written as the browser's language has it, not the page's.
      const timed = field.kind === "moment" || field.kind === "clock";
      const hint = { text: undefined, number: field.key === "upper" ? "∞" : "0", moment: "2026-11-22 14:02", clock: "14:02" }[field.kind];
      const text = h("input", { id, type: field.kind === "number" ? "number" : "text", "aria-describedby": `${id}-fault`, autocomplete: "off", step: field.kind === "number" ? "any" : undefined, placeholder: hint });
      const read = field.kind === "clock" ? timeOfDay : fromLocal;
      text.addEventListener(timed ? "change" : "input", () => {
        one.unread = timed && text.value.trim() !== "" && read(text.value) === undefined;
        if (one.unread) this.root.dispatchEvent(new Event("part"));
        else put(text.value.trim() === "" && timed ? "" : text.value);
      });
      input = text;
    }
    const named: FieldName = field.name;
    const kind = `zone-field${field.wide ? " wide" : ""}`;
    const box = input
      ? h("label", { class: kind, "data-field": named }, label, input, fault)
      : h("div", { class: kind, "data-field": named, role: "group", "aria-label": field.label() }, label, h("div", { class: "zone-toggles" }, ...toggles), fault);
    const one: Shown = { field, box, label, input, toggles, fault, unread: false };
    return one;
  }
}

/** A time of the week, as text. */
function dailyText({ day, startTime, endTime }: Daily): string {
  const days = (day ?? []).filter((one) => one !== "ANY").map((one) => tMaybe(`zone_day_${one}`, one));
  return `${days.join(" ")} ${(startTime ?? "").slice(0, 5)}–${(endTime ?? "").slice(0, 5)}`.trim();
}

function periodText({ startDateTime, endDateTime, schedule }: Period): string {
  return [`${toLocal(startDateTime)}–${toLocal(endDateTime)}`, ...(schedule ?? []).map(dailyText)].join(" ");
}
