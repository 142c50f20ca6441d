// The hand on the map: drawing new shapes, moving points, choosing zones.

import type OlMap from "ol/Map";
import Collection from "ol/Collection";
import Feature from "ol/Feature";
import Circle from "ol/geom/Circle";
import type Geometry from "ol/geom/Geometry";
import LineString from "ol/geom/LineString";
import Point from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import Draw, { createBox } from "ol/interaction/Draw";
import Modify from "ol/interaction/Modify";
import Snap from "ol/interaction/Snap";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { FONT } from "../map/basemap";
import { type Form, type LngLat, type Part, formOf, newPart, pointsOf } from "./model";

export type Tool = "polygon" | "rectangle" | "circle" | "corridor";

/** Of a shape that is drawn by keyboard at one place, metres. */
const RADIUS_M = 500;
export const HALF_WIDTH_M = 50;
/** More points than this are not numbered on the map. */
const NUMBERED_MAX = 150;
const BLUE = "#5aa9ff";
const RED = "#ff5257";

const merc = (p: LngLat) => fromLonLat(p);
const lngLat = (p: number[]): LngLat => toLonLat(p) as LngLat;
/** Web Mercator stretches lengths by this. */
const stretch = ([, lat]: LngLat) => 1 / Math.cos((lat * Math.PI) / 180);

export interface Hand {
  /** A shape is finished. */
  drawn(part: Part): void;
  /** Points have moved; `done` when the hand is lifted. */
  moved(points: LngLat[], metres: number | undefined, done: boolean): void;
  /** A point was touched. */
  touched(row: number): void;
  toolChanged(): void;
}

export class Drawing {
  tool: Tool | undefined;
  private readonly shape = new Feature<Geometry>();
  private readonly shapes = new Collection([this.shape]);
  private readonly dots = new VectorSource<Feature<Point>>();
  private readonly source = new VectorSource({ features: this.shapes });
  private readonly layer = new VectorLayer({ source: this.source, style: (feature) => this.style(feature as Feature<Geometry>), zIndex: 5 });
  private readonly dotLayer = new VectorLayer({ source: this.dots, style: (feature) => this.dot(feature as Feature<Point>), zIndex: 6 });
  private readonly modify = new Modify({ features: this.shapes, pixelTolerance: 12, deleteCondition: () => false });
  private readonly snap: Snap;
  private draw: Draw | undefined;
  /** What was set by keyboard. */
  private keyed: LngLat[] = [];
  private form: Form = "other";
  private hold = false;
  /** The shape before the hand took it. */
  private held: Part | undefined;
  private rows: { bad: Set<number>; edges: Set<number>; chosen: number | undefined } = { bad: new Set(), edges: new Set(), chosen: undefined };

  constructor(
    private readonly map: OlMap,
    others: VectorSource<Feature<Geometry>>,
    private readonly hand: Hand,
  ) {
    this.snap = new Snap({ source: others, pixelTolerance: 10 });
    map.addLayer(this.layer);
    map.addLayer(this.dotLayer);
    map.addInteraction(this.modify);
    map.addInteraction(this.snap);
    this.modify.on("modifystart", () => {
      this.hold = true;
      this.held = this.partOf(this.shape.getGeometry());
    });
    this.modify.on("modifyend", () => {
      this.hold = false;
      this.tell(true);
    });
    this.shape.on("change", () => {
      if (this.hold) this.tell(false);
    });
  }

  /** Takes everything off the map again. */
  close(): void {
    this.stop();
    this.map.removeInteraction(this.modify);
    this.map.removeInteraction(this.snap);
    this.map.removeLayer(this.layer);
    this.map.removeLayer(this.dotLayer);
  }

  /** With the Alt key held nothing snaps. */
  snapping(on: boolean): void {
    this.snap.setActive(on);
  }

  show(part: Part | undefined, rows: { bad: number[]; edges: number[]; chosen: number | undefined }): void {
    this.rows = { bad: new Set(rows.bad), edges: new Set(rows.edges), chosen: rows.chosen };
    this.form = formOf(part);
    const points = pointsOf(part);
    if (!this.hold) {
      const places = points.map(merc);
      const made =
        this.form === "polygon" && places.length > 0
          ? new Polygon([[...places, places[0]!]])
          : this.form === "circle"
            ? new Circle(places[0]!, (part?.extent?.radius ?? 0) * stretch(points[0]!))
            : this.form === "corridor"
              ? new LineString(places)
              : undefined;
      this.shape.setGeometry(made);
    }
    this.modify.setActive(this.tool === undefined && this.form !== "other");
    this.placeDots(points);
    this.layer.changed();
  }

  start(tool: Tool): void {
    this.stop();
    this.tool = tool;
    const type = tool === "corridor" ? "LineString" : tool === "polygon" ? "Polygon" : "Circle";
    const stroke = new Stroke({ color: BLUE, width: 2 });
    const style = new Style({ stroke, fill: new Fill({ color: "#5aa9ff22" }), image: new CircleStyle({ radius: 5, stroke, fill: new Fill({ color: "#0d1319" }) }) });
    this.draw = new Draw({ type, style, stopClick: true, ...(tool === "rectangle" ? { geometryFunction: createBox() } : {}) });
    this.draw.on("drawend", ({ feature }) => {
      const part = this.partOf(feature.getGeometry());
      window.setTimeout(() => this.finish(part), 0);
    });
    this.modify.setActive(false);
    // What snaps must be asked before what draws.
    this.map.removeInteraction(this.snap);
    this.map.addInteraction(this.draw);
    this.map.addInteraction(this.snap);
    this.hand.toolChanged();
  }

  stop(): void {
    if (this.draw) this.map.removeInteraction(this.draw);
    this.draw = undefined;
    this.keyed = [];
    this.tool = undefined;
    this.modify.setActive(this.form !== "other");
    this.placeDots([]);
    this.hand.toolChanged();
  }

  /** A point in the middle of the map, set by keyboard. */
  key(): void {
    if (!this.tool) return;
    this.keyed.push(lngLat(this.map.getView().getCenter() ?? [0, 0]));
    this.placeDots(this.keyed);
    if (this.tool === "circle" || (this.tool === "rectangle" && this.keyed.length === 2)) this.enter();
  }

  /** Ends what is drawn. */
  enter(): void {
    const { tool, keyed } = this;
    if (!tool) return;
    if (keyed.length === 0) {
      this.draw?.finishDrawing();
      return;
    }
    const enough = { polygon: 3, rectangle: 2, circle: 1, corridor: 2 }[tool];
    if (keyed.length < enough) return;
    const [a, b] = keyed as [LngLat, LngLat];
    const points: LngLat[] = tool === "rectangle" ? [a, [b[0], a[1]], b, [a[0], b[1]]] : keyed;
    const form = tool === "rectangle" ? "polygon" : tool;
    this.finish(newPart(form, points, form === "circle" ? RADIUS_M : HALF_WIDTH_M));
  }

  /** Takes the last point back. */
  back(): void {
    if (this.keyed.length > 0) {
      this.keyed.pop();
      this.placeDots(this.keyed);
    } else {
      this.draw?.removeLastPoint();
    }
  }

  /** The row whose point is at a pixel. */
  rowAt(pixel: number[]): number | undefined {
    const hit = this.map.forEachFeatureAtPixel(pixel, (feature) => feature.get("row") as number | undefined, {
      layerFilter: (layer) => layer === this.dotLayer,
      hitTolerance: 5,
    });
    return hit;
  }

  private finish(part: Part | undefined): void {
    this.stop();
    if (part) this.hand.drawn(part);
  }

  private partOf(geometry: Geometry | undefined): Part | undefined {
    if (geometry instanceof Polygon) return newPart("polygon", (geometry.getCoordinates()[0] ?? []).slice(0, -1).map(lngLat), 0);
    if (geometry instanceof LineString) return newPart("corridor", geometry.getCoordinates().map(lngLat), HALF_WIDTH_M);
    if (geometry instanceof Circle) {
      const centre = lngLat(geometry.getCenter());
      return newPart("circle", [centre], Math.round(geometry.getRadius() / stretch(centre)));
    }
    return undefined;
  }

  private tell(done: boolean): void {
    const geometry = this.shape.getGeometry();
    const part = this.partOf(geometry);
    if (!part) return;
    const points = pointsOf(part);
    this.placeDots(points);
    this.hand.moved(points, this.form === "circle" ? part.extent?.radius : undefined, done);
    if (done) this.touch(points);
  }

  /** The point that was moved or made last is the one that Del takes away. */
  private touch(points: LngLat[]): void {
    const before = pointsOf(this.held);
    const row = points.findIndex(([lng, lat], i) => lng !== before[i]?.[0] || lat !== before[i][1]);
    if (row >= 0) this.hand.touched(row);
  }

  private placeDots(points: LngLat[]): void {
    this.dots.clear();
    const features = points.map((p, row) => {
      const dot = new Feature(new Point(merc(p)));
      dot.set("row", row);
      return dot;
    });
    this.dots.addFeatures(features);
  }

  private dot(feature: Feature<Point>): Style[] {
    const row = feature.get("row") as number;
    const [bad, chosen] = [this.rows.bad.has(row), this.rows.chosen === row];
    const colour = bad ? RED : BLUE;
    const square = new RegularShape({ points: 4, radius: chosen ? 9 : 6.5, angle: Math.PI / 4, stroke: new Stroke({ color: chosen ? "#ffffff" : colour, width: 2 }), fill: new Fill({ color: chosen ? colour : "#0d1319" }) });
    const many = this.dots.getFeatures().length > NUMBERED_MAX;
    const text = new Text({ text: String(row + 1), font: `bold 13px ${FONT}`, offsetX: 12, offsetY: -12, fill: new Fill({ color: "#ffffff" }), stroke: new Stroke({ color: "#08121d", width: 4 }) });
    return [new Style({ image: square, ...(many && !chosen && !bad ? {} : { text }) })];
  }

  private style(feature: Feature<Geometry>): Style[] {
    const styles = [new Style({ stroke: new Stroke({ color: BLUE, width: 2, ...(this.form === "corridor" ? { lineDash: [6, 5] } : {}) }) })];
    const geometry = feature.getGeometry();
    if (this.rows.edges.size > 0 && geometry instanceof Polygon) {
      const ring = geometry.getCoordinates()[0] ?? [];
      for (const edge of this.rows.edges) {
        const [a, b] = [ring[edge], ring[edge + 1]];
        if (a && b) styles.push(new Style({ geometry: new LineString([a, b]), stroke: new Stroke({ color: RED, width: 4 }) }));
      }
    }
    return styles;
  }
}
