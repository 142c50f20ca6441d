// A zone as it is edited: its parts, its points, and how new ones are made.

import type { ZoneFeature, ZoneProperties } from "../store/zones";

export type LngLat = [number, number];

export interface Text {
  text: string;
  lang?: string;
}

export interface Daily {
  day: string[];
  startTime?: string;
  endTime?: string;
}

export interface Period {
  startDateTime?: string;
  endDateTime?: string;
  schedule?: Daily[];
}

export interface Authority {
  name?: Text[];
  phone?: string;
  purpose?: string;
}

export interface Properties extends Omit<ZoneProperties, "limitedApplicability"> {
  country?: string;
  variant?: string;
  reason?: string[];
  restrictionConditions?: string;
  regulationExemption?: string;
  limitedApplicability?: Period[];
  /** Terms of this service beside the standard. */
  extendedProperties?: Record<string, unknown>;
  zoneAuthority?: Authority[];
}

export interface Layer {
  lower?: number;
  lowerReference?: string;
  upper?: number;
  upperReference?: string;
  uom?: string;
}

/** A part of a zone: one area with its limits of height. */
export interface Part {
  type: string;
  coordinates?: unknown;
  geometries?: Part[];
  extent?: { subType?: string; radius?: number; halfWidth?: number; cap?: string };
  layer?: Layer;
}

export interface Zone {
  type: "Feature";
  properties: Properties;
  geometry: Part;
  lowsky?: { version?: string; applies?: boolean; switches_at?: string };
}

export type Form = "polygon" | "circle" | "corridor" | "other";

export const REFERENCES = ["AGL", "AMSL", "WGS84", "TAKEOFF", "CN1985"];
export const RESTRICTIONS = ["PROHIBITED", "REQ_AUTHORIZATION", "CONDITIONAL", "NO_RESTRICTION"];
export const REASONS = ["AIR_TRAFFIC", "SENSITIVE", "PRIVACY", "POPULATION", "NATURE", "NOISE", "EMERGENCY", "OTHER"];
export const DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
/** Centimetres, which is finer than anybody can draw. */
const DIGITS = 1e7;

export function copy<T>(value: T): T {
  return structuredClone(value);
}

/** What the service publishes as a zone of this page. */
export function asZone(feature: ZoneFeature): Zone {
  return copy(feature) as unknown as Zone;
}

/** The zone without what the service adds when it tells of it. */
export function bare(zone: Zone): Zone {
  const { lowsky: _told, ...rest } = zone;
  return rest;
}

export function same(a: Zone | undefined, b: Zone | undefined): boolean {
  return JSON.stringify(a && bare(a)) === JSON.stringify(b && bare(b));
}

export function parts(zone: Zone): Part[] {
  return zone.geometry.geometries ?? [zone.geometry];
}

export function formOf(part: Part | undefined): Form {
  if (part?.type === "Polygon") return "polygon";
  if (part?.type === "Point" && (part.extent?.subType ?? "Circle") === "Circle") return "circle";
  if (part?.type === "LineString") return "corridor";
  return "other";
}

/** The points that can be moved: the outer ring without its repetition, the centre, or the line. */
export function pointsOf(part: Part | undefined): LngLat[] {
  switch (formOf(part)) {
    case "polygon": {
      const ring = ((part?.coordinates as LngLat[][] | undefined)?.[0] ?? []).map(([lng, lat]): LngLat => [lng, lat]);
      const [first, last] = [ring[0], ring.at(-1)];
      if (first && last && ring.length > 1 && first[0] === last[0] && first[1] === last[1]) ring.pop();
      return ring;
    }
    case "circle":
      return [part?.coordinates as LngLat];
    case "corridor":
      return (part?.coordinates as LngLat[]).map(([lng, lat]): LngLat => [lng, lat]);
    default:
      return [];
  }
}

export function setPoints(part: Part, points: LngLat[]): void {
  const rounded = points.map(([lng, lat]): LngLat => [Math.round(lng * DIGITS) / DIGITS, Math.round(lat * DIGITS) / DIGITS]);
  switch (formOf(part)) {
    case "polygon": {
      const holes = ((part.coordinates as LngLat[][] | undefined) ?? []).slice(1);
      part.coordinates = [rounded[0] ? [...rounded, rounded[0]] : [], ...holes];
      break;
    }
    case "circle":
      if (rounded[0]) part.coordinates = rounded[0];
      break;
    case "corridor":
      part.coordinates = rounded;
      break;
    default:
  }
}

/** A new part with usual limits. */
export function newPart(form: Form, points: LngLat[], metres: number): Part {
  const layer: Layer = { lower: 0, lowerReference: "AGL", upper: 120, upperReference: "AGL", uom: "m" };
  const part: Part =
    form === "circle"
      ? { type: "Point", extent: { subType: "Circle", radius: metres }, layer }
      : form === "corridor"
        ? { type: "LineString", extent: { subType: "Corridor", halfWidth: metres }, layer }
        : { type: "Polygon", layer };
  setPoints(part, points);
  return part;
}

/** A new zone around a part; nobody has its identifier. */
export function newZone(part: Part, taken: (id: string) => boolean): Zone {
  let id = "";
  for (let n = Date.now(); id === "" || taken(id); n += 1) id = `Z${n.toString(36).slice(-6).toUpperCase()}`;
  const zoneAuthority = [{ purpose: "INFORMATION" }];
  const properties: Properties = { identifier: id, country: "CHN", name: [], type: "PROHIBITED", variant: "COMMON", zoneAuthority };
  return { type: "Feature", properties, geometry: part };
}

export function textIn(texts: Text[] | undefined, lang: string): string {
  return texts?.find((one) => one.lang?.toLowerCase().startsWith(lang))?.text ?? "";
}

/** Puts a text in a language, or takes it away; the other languages stay. */
export function withText(texts: Text[] | undefined, lang: "zh" | "en", text: string): Text[] {
  const others = (texts ?? []).filter((one) => !one.lang?.toLowerCase().startsWith(lang));
  const own = text ? [{ text, lang: lang === "zh" ? "zh-CN" : "en-GB" }] : [];
  return lang === "zh" ? [...own, ...others] : [...others, ...own];
}

export function titleOf(zone: Zone, lang: string): string {
  return textIn(zone.properties.name, lang) || zone.properties.name?.[0]?.text || zone.properties.identifier;
}
