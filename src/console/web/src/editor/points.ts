// The points of a shape in figures.

import { t } from "../i18n";
import { h, icon, ICONS, write } from "../ui/dom";
import { type LngLat, type Zone, formOf, parts, pointsOf, setPoints } from "./model";
import type { Fault } from "./rules";
import type { Work } from "./work";

/** Rows beyond these are not shown: nobody edits them in figures. */
const ROWS_MAX = 300;
const DIGITS = 6;

export class PointTable {
  readonly root = h("div", { class: "zone-points wide", role: "group" });
  private readonly heads = [h("th", { scope: "col" }, "#"), h("th", { scope: "col" }), h("th", { scope: "col" }), h("th", { scope: "col" })];
  private readonly rows = h("tbody");
  private readonly size = h("input", { type: "number", min: "0", step: "any", id: "zone-size" });
  private readonly sizeName = h("span");
  private readonly sizeFault = h("span", { class: "fault" });
  private readonly sizeBox = h("label", { class: "zone-field" }, this.sizeName, this.size, this.sizeFault);
  private readonly datum = h("p", { class: "dim" });
  private readonly fault = h("p", { class: "fault" });
  private readonly add = h("button", { type: "button", onclick: () => this.addRow() });

  constructor(private readonly work: Work) {
    this.size.addEventListener("input", () => this.setSize());
    this.root.append(this.fault, this.sizeBox, this.datum, h("table", {}, h("thead", {}, h("tr", {}, ...this.heads)), this.rows), this.add);
  }

  render(zone: Zone, faults: Fault[]): void {
    const part = parts(zone)[this.work.part];
    const form = formOf(part);
    const points = pointsOf(part);
    const here = faults.filter((fault) => fault.part === undefined || fault.part === this.work.part);
    const own = here.filter(({ field }) => field === "points");
    const bad = new Set(own.flatMap(({ rows, error }) => (error ? rows : [])));
    write(this.fault, own.map(({ text }) => text).join(" "));
    this.fault.hidden = own.length === 0;
    const sizes = here.filter(({ field }) => field === "size");
    write(this.sizeFault, sizes.map(({ text }) => text).join(" "));
    this.sizeFault.hidden = sizes.length === 0;
    this.sizeBox.hidden = form !== "circle" && form !== "corridor";
    write(this.sizeName, t(form === "circle" ? "zone_radius" : "zone_half_width"));
    const size = String((form === "circle" ? part?.extent?.radius : part?.extent?.halfWidth) ?? "");
    if (document.activeElement !== this.size && this.size.value !== size) this.size.value = size;
    write(this.datum, t(form === "other" ? "zone_points_other" : "zone_datum"));
    write(this.heads[1]!, t("zone_lat"));
    write(this.heads[2]!, t("zone_lng"));
    write(this.heads[3]!, "");
    this.heads[3]!.setAttribute("aria-label", t("zone_point_remove", { n: "" }));
    this.add.hidden = form !== "polygon" && form !== "corridor";
    write(this.add, t("zone_point_add"));
    this.fillRows(points, bad);
  }

  private fillRows(points: LngLat[], bad: Set<number>): void {
    const wanted = Math.min(points.length, ROWS_MAX);
    while (this.rows.childElementCount > wanted) this.rows.lastElementChild?.remove();
    while (this.rows.childElementCount < wanted) this.rows.append(this.row(this.rows.childElementCount));
    points.slice(0, wanted).forEach((point, i) => {
      const row = this.rows.children[i] as HTMLElement;
      row.className = `${bad.has(i) ? "bad" : ""}${this.work.vertex === i ? " chosen" : ""}`;
      const [lat, lng] = row.querySelectorAll("input");
      [[lat, point[1], "zone_lat"] as const, [lng, point[0], "zone_lng"] as const].forEach(([input, value, key]) => {
        if (!input) return;
        const text = value.toFixed(DIGITS);
        if (document.activeElement !== input && input.value !== text) input.value = text;
        input.setAttribute("aria-label", `${t(key)} ${i + 1}`);
      });
      row.querySelector("button")?.setAttribute("aria-label", t("zone_point_remove", { n: i + 1 }));
    });
  }

  private row(i: number): HTMLElement {
    const cell = (axis: 0 | 1) => {
      const input = h("input", { type: "number", step: "0.0001" });
      const put = () => {
        const value = Number(input.value);
        if (input.value === "" || !Number.isFinite(value)) return;
        this.points(`point ${i}`, (points) => {
          const point = points[i];
          if (point) point[axis] = value;
          return points;
        });
      };
      input.addEventListener("input", put);
      input.addEventListener("focus", () => {
        if (this.work.vertex === i) return;
        this.work.vertex = i;
        this.root.dispatchEvent(new CustomEvent("vertex"));
      });
      return h("td", {}, input);
    };
    const remove = h("button", { type: "button", class: "square", onclick: () => this.removeRow(i) }, icon(ICONS.close));
    return h("tr", {}, h("th", { scope: "row" }, String(i + 1)), cell(1), cell(0), h("td", {}, remove));
  }

  /** Takes a point away if enough are left. */
  removeRow(i: number): void {
    this.points("", (points) => {
      const least = formOf(parts(this.work.current!)[this.work.part]) === "polygon" ? 3 : 2;
      if (least < points.length) points.splice(i, 1);
      return points;
    });
    this.work.vertex = undefined;
  }

  /** A point halfway between the last and the first, or beyond the end of a line. */
  private addRow(): void {
    this.points("", (points) => {
      const [first, last, before] = [points[0], points.at(-1), points.at(-2)];
      if (!first || !last || !before) return points;
      const closed = formOf(parts(this.work.current!)[this.work.part]) === "polygon";
      const next: LngLat = closed ? [(first[0] + last[0]) / 2, (first[1] + last[1]) / 2] : [2 * last[0] - before[0], 2 * last[1] - before[1]];
      return [...points, next];
    });
  }

  private points(key: string, change: (points: LngLat[]) => LngLat[]): void {
    this.work.edit(key, (zone) => {
      const part = parts(zone)[this.work.part];
      if (part) setPoints(part, change(pointsOf(part)));
    });
  }

  private setSize(): void {
    const metres = Number(this.size.value);
    this.work.edit("size", (zone) => {
      const part = parts(zone)[this.work.part];
      if (formOf(part) === "circle") part!.extent = { subType: "Circle", ...part!.extent, radius: metres };
      else if (formOf(part) === "corridor") part!.extent = { subType: "Corridor", ...part!.extent, halfWidth: metres };
    });
  }
}
