// The zones on the map: colour and hatch by kind, line by state, brighter while somebody is inside.

import Feature from "ol/Feature";
import Circle from "ol/geom/Circle";
import type Geometry from "ol/geom/Geometry";
import GeometryCollection from "ol/geom/GeometryCollection";
import MultiPolygon from "ol/geom/MultiPolygon";
import Point from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { language, shortClock, t } from "../i18n";
import { type ZoneFeature, type ZoneGeometry, type ZoneState, zoneHeights, zoneName, zoneState } from "../store/zones";
import { corridor } from "../editor/geometry";
import { LARGER } from "../ui/dom";
import { FONT } from "./basemap";
import { RANK } from "./colours";

export const ZONE_COLOURS: Record<string, string> = {
  PROHIBITED: "#ff6b6b",
  REQ_AUTHORIZATION: "#d9a066",
  CONDITIONAL: "#7f9fd8",
  NO_RESTRICTION: "#4fb6a6",
};
const TEMPORARY = "#c08bff";
/** Names are shown from this zoom on. */
const NAMES_FROM = 11.8;

export function zoneColour(zone: ZoneFeature): string {
  const temporary = (zone.properties.limitedApplicability ?? []).length > 0;
  return temporary ? TEMPORARY : (ZONE_COLOURS[zone.properties.type] ?? "#9fb0c0");
}

function geometryOf(part: ZoneGeometry): Geometry | undefined {
  const ring = (points: number[][]) => points.map(([lng, lat]) => fromLonLat([lng ?? 0, lat ?? 0]));
  switch (part.type) {
    case "Polygon":
      return new Polygon((part.coordinates as number[][][]).map(ring));
    case "MultiPolygon":
      return new MultiPolygon((part.coordinates as number[][][][]).map((rings) => rings.map(ring)));
    case "Point": {
      const [lng, lat] = part.coordinates as [number, number];
      // Web Mercator stretches lengths by 1 / cos(latitude).
      const radius = (part.extent?.radius ?? 0) / Math.cos((lat * Math.PI) / 180);
      return new Circle(fromLonLat([lng, lat]), radius);
    }
    case "LineString":
      return new Polygon([ring(corridor(part.coordinates as [number, number][], part.extent?.halfWidth ?? 0))]);
    case "GeometryCollection":
      return new GeometryCollection((part.geometries ?? []).map(geometryOf).filter((one) => one !== undefined));
    default:
      return undefined;
  }
}

/** Slanting lines. */
export function hatch(colour: string, alpha = 0.3): CanvasPattern | string {
  const size = 9;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const pen = tile.getContext("2d");
  if (!pen) return "transparent";
  pen.strokeStyle = colour;
  pen.globalAlpha = alpha;
  pen.beginPath();
  for (const at of [-size, 0, size]) {
    pen.moveTo(at - 1, size + 1);
    pen.lineTo(at + size + 1, -1);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat") ?? "transparent";
}

export class ZoneLayer {
  readonly source = new VectorSource<Feature<Geometry>>();
  readonly layer = new VectorLayer({ source: this.source });
  private readonly hatches = new Map<string, CanvasPattern | string>();
  private shown: { zone: ZoneFeature; feature: Feature<Geometry> }[] = [];
  private drawn = "";

  set(zones: ZoneFeature[]): void {
    this.source.clear();
    this.drawn = "";
    this.shown = [];
    for (const zone of zones) {
      const geometry = geometryOf(zone.geometry);
      if (!geometry) continue;
      const feature = new Feature(geometry);
      feature.setId(zone.properties.identifier);
      this.shown.push({ zone, feature });
    }
    this.source.addFeatures(this.shown.map(({ feature }) => feature));
  }

  /** Styles by what is so now; `chosen` is the zone of the selected alert. */
  refresh(breached: Map<string, number>, chosen: string | undefined): void {
    const now = Date.now();
    const states = this.shown.map(({ zone }) => zoneState(zone, now));
    const said = JSON.stringify([language(), chosen, [...breached], states]);
    if (said === this.drawn) return;
    this.drawn = said;
    this.shown.forEach(({ zone, feature }, index) => {
      const { state, at } = states[index] ?? { state: "active" as ZoneState, at: undefined };
      const id = zone.properties.identifier;
      feature.setStyle(this.style(zone, state, at, breached.get(id), id === chosen));
    });
  }

  extent(id: string): number[] | undefined {
    return this.source.getFeatureById(id)?.getGeometry()?.getExtent();
  }

  extentOf(geometry: ZoneGeometry): number[] | undefined {
    return geometryOf(geometry)?.getExtent();
  }

  private style(zone: ZoneFeature, state: ZoneState, at: number | undefined, rank: number | undefined, chosen: boolean) {
    const colour = zoneColour(zone);
    const alarm = rank === undefined ? undefined : RANK[rank];
    const hatched = state === "active" && (zone.properties.type === "PROHIBITED" || colour === TEMPORARY);
    const dash = state === "soon" ? [8, 5] : state === "off" ? [2, 6] : colour === TEMPORARY ? [14, 4] : undefined;
    const alpha = state === "off" ? "80" : state === "soon" ? "d0" : "b8";
    const stroke = new Stroke({
      color: alarm ?? (chosen ? "#ffffff" : colour + alpha),
      width: alarm || chosen ? 2.5 : state === "off" ? 1 : 1.3,
      ...(dash ? { lineDash: dash } : {}),
    });
    let fill: CanvasPattern | string = state === "off" ? "transparent" : colour + (hatched ? "0c" : "10");
    if (hatched) {
      fill = this.hatches.get(colour) ?? hatch(colour);
      this.hatches.set(colour, fill);
    }
    const style = new Style({ stroke, fill: new Fill({ color: fill }), zIndex: alarm || chosen ? 2 : 1 });
    const said = state === "active" ? "" : ` · ${state === "soon" ? t("zone_soon", { at: at ? shortClock(at) : "" }) : t("zone_off")}`;
    const text = new Style({
      text: new Text({
        text: `${zoneName(zone, language())}\n${zoneHeights(zone)}${said}`,
        font: `${Math.round(12 * LARGER)}px ${FONT}`,
        fill: new Fill({ color: alarm ?? colour }),
        overflow: true,
      }),
      geometry: (feature) => {
        const extent = feature.getGeometry()?.getExtent() ?? [0, 0, 0, 0];
        return new Point([((extent[0] ?? 0) + (extent[2] ?? 0)) / 2, ((extent[1] ?? 0) + (extent[3] ?? 0)) / 2]);
      },
    });
    const from = chosen || alarm ? NAMES_FROM - 1.5 : NAMES_FROM;
    return (_feature: unknown, resolution: number) =>
      Math.log2(156543.03 / resolution) < from ? style : [style, text];
  }
}
