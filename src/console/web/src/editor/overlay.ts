// Paints on the map what a change takes and gives: old edges, added and released areas, and where faults are.

import type OlMap from "ol/Map";
import Overlay from "ol/Overlay";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { hatch } from "../map/zonelayer";
import { h } from "../ui/dom";
import { outlineOf } from "./geometry";
import type { LngLat, Zone } from "./model";
import type { Fault } from "./rules";

export const ADDED = "#54d18c";
export const RELEASED = "#ff5257";
const OLD = "#c9d3dd";
const NEW = "#5aa9ff";
const FAULTY = "#ff5257";

interface Shown {
  was: LngLat[][][];
  now: LngLat[][][];
  chosen: boolean;
  faulty: boolean;
}

export class DifferenceLayer {
  private readonly layer = new VectorLayer({ source: new VectorSource() });
  private shown: Shown[] = [];
  private readonly marks: Overlay[] = [];
  private marked = "[]";
  private readonly hatches: { added: CanvasPattern | string; released: CanvasPattern | string };

  constructor(private readonly map: OlMap) {
    this.hatches = { added: hatch(ADDED, 0.75), released: hatch(RELEASED, 0.75) };
    this.layer.on("postrender", ({ frameState, context }) => {
      if (!frameState || !(context instanceof CanvasRenderingContext2D)) return;
      const { center, resolution } = frameState.viewState;
      const [width, height] = frameState.size as [number, number];
      const ratio = frameState.pixelRatio;
      const to = (p: LngLat): [number, number] => {
        const [x, y] = fromLonLat(p) as [number, number];
        return [((x - center[0]!) / resolution + width / 2) * ratio, ((center[1]! - y) / resolution + height / 2) * ratio];
      };
      context.save();
      context.setTransform(1, 0, 0, 1, 0, 0);
      for (const one of this.shown) this.paint(context, one, to, ratio);
      context.restore();
    });
    // Under the aircraft, which stay in sight.
    map.getLayers().insertAt(map.getLayers().getLength() - 1, this.layer);
  }

  show(changes: { was?: Zone | undefined; now?: Zone | undefined; chosen: boolean; faulty: boolean }[]): void {
    this.shown = changes.map(({ was, now, chosen, faulty }) => ({ was: outlineOf(was), now: outlineOf(now), chosen, faulty }));
    this.layer.changed();
  }

  /** Marks the places of faults, with their words. */
  mark(faults: Fault[]): void {
    const marked = JSON.stringify(faults.map(({ at, text }) => [at, text]));
    if (marked === this.marked) return;
    this.marked = marked;
    this.marks.splice(0).forEach((mark) => this.map.removeOverlay(mark));
    for (const { at, text } of faults) {
      if (!at) continue;
      const element = h("div", { class: "fault-mark" }, h("i"), h("span", {}, text));
      const mark = new Overlay({ element, position: fromLonLat(at), positioning: "center-left", offset: [-9, 0], stopEvent: false });
      this.marks.push(mark);
      this.map.addOverlay(mark);
    }
  }

  close(): void {
    this.mark([]);
    this.map.removeLayer(this.layer);
  }

  private paint(pen: CanvasRenderingContext2D, { was, now, chosen, faulty }: Shown, to: (p: LngLat) => [number, number], ratio: number): void {
    const trace = (polygons: LngLat[][][]) => {
      for (const ring of polygons.flat()) {
        ring.forEach((p, i) => (i === 0 ? pen.moveTo(...to(p)) : pen.lineTo(...to(p))));
        pen.closePath();
      }
    };
    // Outside of every polygon of `not`, each polygon of `of`.
    const only = (of: LngLat[][][], not: LngLat[][][], fill: CanvasPattern | string, tint: string) => {
      pen.save();
      for (const polygon of not) {
        pen.beginPath();
        pen.rect(0, 0, pen.canvas.width, pen.canvas.height);
        trace([polygon]);
        pen.clip("evenodd");
      }
      for (const style of [tint, fill]) {
        pen.fillStyle = style;
        for (const polygon of of) {
          pen.beginPath();
          trace([polygon]);
          pen.fill("evenodd");
        }
      }
      pen.restore();
    };
    only(now, was, faulty ? this.hatches.released : this.hatches.added, faulty ? "#ff525718" : "#54d18c18");
    only(was, now, this.hatches.released, "#ff525718");
    pen.lineJoin = "round";
    pen.beginPath();
    trace(was);
    pen.setLineDash([7 * ratio, 5 * ratio]);
    pen.lineWidth = 1.6 * ratio;
    pen.strokeStyle = OLD;
    pen.stroke();
    pen.beginPath();
    trace(now);
    pen.setLineDash([]);
    pen.lineWidth = (chosen ? 2.4 : 1.6) * ratio;
    pen.strokeStyle = faulty ? FAULTY : NEW;
    pen.stroke();
  }
}
