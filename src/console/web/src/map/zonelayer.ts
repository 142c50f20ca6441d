// The zones on the map: colour and hatch by kind, line by state, brighter while somebody is inside.

import Feature from "ol/Feature";
import Circle from "ol/geom/Circle";
import type Geometry from "ol/geom/Geometry";
import GeometryCollection from "ol/geom/GeometryCollection";
import MultiPolygon from "ol/geom/MultiPolygon";
import Polygon from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import { language, t } from "../i18n";
import { type ZoneFeature, type ZoneGeometry, type ZoneState, brief, shortHeights, zoneName, zoneState } from "../store/zones";
import { corridor } from "../editor/geometry";
import { RANK } from "./colours";
import type { ZoneLabel } from "./zonelabels";

export const ZONE_COLOURS: Record<string, string> = {
  PROHIBITED: "#ff6b6b",
  REQ_AUTHORIZATION: "#d9a066",
  CONDITIONAL: "#7f9fd8",
  NO_RESTRICTION: "#4fb6a6",
};
const TEMPORARY = "#c08bff";
/** Names are shown from this zoom on. */
const NAMES_FROM = 11.8;
/** Of a zone that somebody is in, or that is chosen, and of one that is about to switch on. */
const ALARM_NAMES_FROM = 10.3;
const SOON_NAMES_FROM = 8;

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
  labels: ZoneLabel[] = [];
  /** Zones that switched on or off since they were looked at last. */
  switched: (zones: { zone: ZoneFeature; on: boolean }[]) => void = () => undefined;
  private readonly known = new Map<string, ZoneState>();
  private readonly hatches = new Map<string, CanvasPattern | string>();
  private shown: { zone: ZoneFeature; feature: Feature<Geometry> }[] = [];
  private drawn = "";

  /** `others`: of another time than those before: what differs did not switch. */
  set(zones: ZoneFeature[], others = false): void {
    if (others) this.known.clear();
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

  /** Styles by what is so at `now`; `chosen` is the zone of the selected alert. */
  refresh(breached: Map<string, number>, chosen: string | undefined, now: number): void {
    const states = this.shown.map(({ zone }) => zoneState(zone, now));
    const minutes = states.map(({ state, at }) => (state === "soon" ? minutesTo(at, now) : 0));
    const said = JSON.stringify([language(), chosen, [...breached], states, minutes]);
    if (said === this.drawn) return;
    this.drawn = said;
    const changed: { zone: ZoneFeature; on: boolean }[] = [];
    this.labels = this.shown.map(({ zone, feature }, index) => {
      const { state } = states[index]!;
      const id = zone.properties.identifier;
      const before = this.known.get(id);
      this.known.set(id, state);
      if (before && (before === "active") !== (state === "active")) changed.push({ zone, on: state === "active" });
      const alarm = breached.get(id);
      feature.setStyle(this.style(zone, state, alarm, id === chosen));
      return label(zone, feature.getGeometry()?.getExtent() ?? [], state, minutes[index]!, alarm, id === chosen);
    });
    if (changed.length > 0) this.switched(changed);
  }

  extent(id: string): number[] | undefined {
    return this.source.getFeatureById(id)?.getGeometry()?.getExtent();
  }

  extentOf(geometry: ZoneGeometry): number[] | undefined {
    return geometryOf(geometry)?.getExtent();
  }

  private style(zone: ZoneFeature, state: ZoneState, rank: number | undefined, chosen: boolean): Style {
    const colour = zoneColour(zone);
    const alarm = rank === undefined ? undefined : RANK[rank];
    const severe = zone.properties.type === "PROHIBITED" || colour === TEMPORARY;
    const dash = state === "soon" ? SOON_DASH : state === "off" ? [2, 6] : colour === TEMPORARY ? [14, 4] : undefined;
    const alpha = state === "off" ? "80" : state === "soon" ? "ff" : "b8";
    const stroke = new Stroke({
      color: alarm ?? (chosen ? "#ffffff" : colour + alpha),
      width: alarm || chosen ? 2.5 : state === "off" ? 1 : state === "soon" ? 2.2 : 1.3,
      ...(dash ? { lineDash: dash } : {}),
    });
    const hatched = state === "soon" || (state === "active" && severe);
    let fill: CanvasPattern | string = state === "off" ? "transparent" : colour + "10";
    if (hatched) {
      // About to switch on: as faint as it is not in force yet.
      const key = `${colour} ${state}`;
      fill = this.hatches.get(key) ?? hatch(colour, state === "soon" ? 0.15 : 0.3);
      this.hatches.set(key, fill);
    }
    return new Style({ stroke, fill: new Fill({ color: fill }), zIndex: alarm || chosen ? 2 : 1 });
  }
}

/** The line of a zone that is about to switch on, also in the legend: dash and dot. */
export const SOON_DASH = [10, 4, 2, 4];

/** Whole minutes until then, at least one. */
export function minutesTo(at: number | undefined, now: number): number {
  return Math.max(1, Math.ceil(((at ?? now) - now) / 60_000));
}

function label(zone: ZoneFeature, extent: number[], state: ZoneState, minutes: number, rank: number | undefined, chosen: boolean): ZoneLabel {
  const soon = state === "soon";
  const alarm = rank === undefined ? undefined : RANK[rank];
  const said = soon ? t("zone_soon", { n: minutes }) : state === "off" ? t("zone_off") : "";
  return {
    lines: [brief(zoneName(zone, language())), [said, shortHeights(zone)].filter(Boolean).join(" · ")],
    colour: alarm ?? zoneColour(zone),
    extent,
    from: soon ? SOON_NAMES_FROM : alarm || chosen ? ALARM_NAMES_FROM : NAMES_FROM,
    urgency: (alarm ? 8 : 0) + (chosen ? 4 : 0) + (soon ? 2 : 0) + (state === "off" ? 0 : 1),
    soon,
  };
}
