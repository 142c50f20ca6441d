// The ruler: distance and bearing from one place on the map to another.

import { toLonLat } from "ol/proj";
import { getDistance } from "ol/sphere";
import type { App } from "../app";
import { t } from "../i18n";
import { h, toggle, write } from "./dom";

type Place = [number, number];

const SVG = "http://www.w3.org/2000/svg";

export class Ruler {
  readonly root = h("div", { class: "ruler", hidden: true });
  on = false;
  private readonly svg = document.createElementNS(SVG, "svg");
  private readonly line = document.createElementNS(SVG, "path");
  private readonly plate = h("div", { class: "plate" });
  private readonly hint = h("div", { class: "hint", role: "status" });
  private from: Place | undefined;
  private to: Place | undefined;
  private fixed = false;

  constructor(private readonly app: App) {
    this.svg.setAttribute("aria-hidden", "true");
    this.svg.append(this.line);
    this.root.append(this.svg, this.plate, this.hint);
    const at = (event: MouseEvent): Place => {
      const box = this.root.getBoundingClientRect();
      return this.place(event.clientX - box.left, event.clientY - box.top);
    };
    this.root.addEventListener("click", (event) => {
      if (!this.from || this.fixed) {
        this.from = this.to = at(event);
        this.fixed = false;
      } else {
        this.to = at(event);
        this.fixed = true;
      }
      this.draw();
    });
    this.root.addEventListener("pointermove", (event) => {
      if (!this.from || this.fixed) return;
      this.to = at(event);
      this.draw();
    });
    // What is under it can still be moved nearer and farther.
    this.root.addEventListener("wheel", (event) => app.map.zoomBy(event.deltaY < 0 ? 0.5 : -0.5), { passive: true });
  }

  flip(on = !this.on): void {
    this.on = on;
    this.root.hidden = !on;
    this.from = this.to = undefined;
    this.fixed = false;
    toggle(document.body, "measuring", on);
    this.draw();
    this.app.draw();
  }

  draw(): void {
    if (!this.on) return;
    write(this.hint, t(this.from ? (this.fixed ? "ruler_again" : "ruler_to") : "ruler_from"));
    this.plate.hidden = !this.from || !this.to;
    this.line.setAttribute("d", "");
    if (!this.from || !this.to) return;
    const [a, b] = [this.pixel(this.from), this.pixel(this.to)];
    this.line.setAttribute("d", `M${a[0]} ${a[1]}L${b[0]} ${b[1]}M${a[0] - 5} ${a[1]}h10M${a[0]} ${a[1] - 5}v10M${b[0] - 5} ${b[1]}h10M${b[0]} ${b[1] - 5}v10`);
    const [from, to] = [toLonLat(this.from), toLonLat(this.to)];
    const metres = getDistance(from, to);
    const far = metres < 10_000 ? `${Math.round(metres)} ${t("unit_m")}` : `${(metres / 1000).toFixed(2)} km`;
    write(this.plate, `${far} · ${String(Math.round(bearing(from, to)) % 360).padStart(3, "0")}°`);
    this.plate.style.setProperty("left", `${b[0] + 12}px`);
    this.plate.style.setProperty("top", `${b[1] + 8}px`);
  }

  private place(x: number, y: number): Place {
    const { center, resolution } = this.app.map.place();
    const box = this.root.getBoundingClientRect();
    return [center[0]! + (x - box.width / 2) * resolution, center[1]! - (y - box.height / 2) * resolution];
  }

  private pixel([x, y]: Place): Place {
    const { center, resolution } = this.app.map.place();
    const box = this.root.getBoundingClientRect();
    return [Math.round((x - center[0]!) / resolution + box.width / 2), Math.round((center[1]! - y) / resolution + box.height / 2)];
  }
}

/** The initial bearing of the great circle, degrees from true north. */
export function bearing(from: number[], to: number[]): number {
  const rad = Math.PI / 180;
  const [lat1, lat2, dLng] = [from[1]! * rad, to[1]! * rad, (to[0]! - from[0]!) * rad];
  const y = Math.sin(dLng) * Math.cos(lat2);
  const x = Math.cos(lat1) * Math.sin(lat2) - Math.sin(lat1) * Math.cos(lat2) * Math.cos(dLng);
  return ((Math.atan2(y, x) / rad) % 360 + 360) % 360;
}
