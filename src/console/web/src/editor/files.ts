// Zones from a file or from pasted text: GeoJSON, ED-318, ED-269, KML, a table, or plain coordinates, in one of several
// datums.

import { wgs84FromGcj02 } from "../map/gcj02";
import { metresPerDegree, outlineOf } from "./geometry";
import { type LngLat, type Part, type Properties, type Zone, newPart, newZone, withText } from "./model";

export type Datum = "" | "WGS84" | "GCJ02" | "BD09";

type Json = Record<string, unknown>;

/** An outline with its holes, and what it is called. */
export interface Shape {
  name: string;
  rings: LngLat[][];
}

/** What a text holds: a document for the service to check, or outlines alone, with the datum that their form implies. */
export function parse(text: string): { document?: Json; shapes?: Shape[]; datum?: Datum; fault?: string } {
  const bare = text.replace(/^\uFEFF/, "").trim();
  if (/^[[{]/.test(bare)) {
    try {
      const value = JSON.parse(bare) as unknown;
      if (Array.isArray(value)) {
        const points = (value as unknown[][]).map(([lng, lat]) => [Number(lng), Number(lat)] as LngLat);
        return points.every(onEarth) ? { shapes: [{ name: "", rings: [points] }] } : { fault: "json" };
      }
      const one = value as Json;
      return { document: one["type"] === "Feature" ? { type: "FeatureCollection", features: [one], ...(one["crs"] ? { crs: one["crs"] } : {}) } : one };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  }
  if (bare.startsWith("<")) return fromKml(bare);
  const table = fromTable(bare);
  if (table) return table.length > 0 && table.flatMap(({ rings }) => rings).every((ring) => ring.length >= 3 && ring.every(onEarth)) ? { shapes: table } : { fault: "CSV" };
  const points = bare
    .split(/[\n;]+/)
    .map((line) => line.match(/-?\d+(?:\.\d+)?/g)?.map(Number) ?? [])
    .filter((numbers) => numbers.length >= 2)
    // In China no longitude is as small as a latitude.
    .map(([a, b]): LngLat => (a! < 60 && 60 < b! ? [b!, a!] : [a!, b!]));
  return points.length >= 3 && points.every(onEarth) ? { shapes: [{ name: "", rings: [points] }] } : { fault: "text" };
}

/** The polygons of the placemarks; KML is on WGS 84 (OGC 12-007r2). */
function fromKml(text: string): { shapes?: Shape[]; datum?: Datum; fault?: string } {
  const tree = new DOMParser().parseFromString(text, "text/xml");
  if (tree.querySelector("parsererror")) return { fault: "KML" };
  const shapes = [...tree.getElementsByTagName("Polygon")].map((polygon): Shape => {
    const rings = [...polygon.getElementsByTagName("coordinates")].map((ring) =>
      (ring.textContent ?? "").trim().split(/\s+/).map((point): LngLat => {
        const [lng, lat] = point.split(",");
        return [Number(lng), Number(lat)];
      }),
    );
    return { name: polygon.closest("Placemark")?.getElementsByTagName("name")[0]?.textContent?.trim() ?? "", rings };
  });
  const good = shapes.length > 0 && shapes.every(({ rings }) => rings.length > 0 && rings.every((ring) => ring.length >= 3 && ring.every(onEarth)));
  return good ? { shapes, datum: "WGS84" } : { fault: "KML" };
}

const COLUMNS: [RegExp, "lat" | "lng" | "name"][] = [
  [/^(lat|latitude|y|纬度.*)$/i, "lat"],
  [/^(lng|lon|long|longitude|x|经度.*)$/i, "lng"],
  [/^(name|id|zone|名称|编号|空域.*)$/i, "name"],
];

/** A table with a head: one point a line; lines of one name are one outline. Nothing where there is no such head. */
function fromTable(text: string): Shape[] | undefined {
  const [head = "", ...lines] = text.split(/\r?\n/).filter((line) => line.trim());
  const separator = [",", ";", "\t"].find((one) => head.includes(one));
  if (separator === undefined) return undefined;
  const cells = (line: string) => line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  const meant = cells(head).map((cell) => COLUMNS.find(([words]) => words.test(cell))?.[1]);
  const [lat, lng, name] = [meant.indexOf("lat"), meant.indexOf("lng"), meant.indexOf("name")];
  if (lat < 0 || lng < 0) return undefined;
  const shapes = new Map<string, LngLat[]>();
  for (const line of lines) {
    const row = cells(line);
    const title = row[name] ?? "";
    const number = (cell: string | undefined) => (cell ? Number(cell) : NaN);
    shapes.set(title, [...(shapes.get(title) ?? []), [number(row[lng]), number(row[lat])]]);
  }
  return [...shapes].map(([title, points]) => ({ name: title, rings: [points] }));
}

/** What GCJ-02 moves things by in China, metres. */
const SHIFT_M = [250, 800] as const;
/** Nearer than this two outlines are of the same place, metres. */
const SAME_M = 60;

/** The first zone that would lie on a live one if its coordinates were taken back from GCJ-02, and how far it is off. */
export function shiftedFrom(zones: Zone[], live: Zone[]): { name: string; other: string; m: number } | undefined {
  const middle = (zone: Zone): LngLat | undefined => {
    const points = outlineOf(zone).flat(2);
    const sum = points.reduce(([a, b], [lng, lat]) => [a + lng, b + lat] as LngLat, [0, 0] as LngLat);
    return points.length > 0 ? [sum[0] / points.length, sum[1] / points.length] : undefined;
  };
  const metres = ([lng, lat]: LngLat, [x, y]: LngLat) => {
    const [perLng, perLat] = metresPerDegree(lat);
    return Math.hypot((lng - x) * perLng, (lat - y) * perLat);
  };
  for (const zone of zones) {
    const here = middle(zone);
    if (!here) continue;
    const back = wgs84FromGcj02(here[0], here[1]);
    for (const other of live) {
      const there = middle(other);
      if (!there) continue;
      const off = metres(here, there);
      if (SHIFT_M[0] < off && off < SHIFT_M[1] && metres(back, there) < SAME_M) return { name: zone.properties.identifier, other: other.properties.identifier, m: Math.round(off) };
    }
  }
  return undefined;
}

function onEarth([lng, lat]: LngLat): boolean {
  // What is no number is not on it.
  return Math.abs(lng) <= 180 && Math.abs(lat) <= 90;
}

/** The datum that a document names. */
export function datumOf(document: Json | undefined): Datum {
  const crs = document?.["crs"] as string | { properties?: { name?: string } } | undefined;
  const name = (typeof crs === "string" ? crs : (crs?.properties?.name ?? "")).toUpperCase().replace(/[^A-Z0-9]/g, "");
  return name.includes("GCJ02") ? "GCJ02" : name.includes("BD09") ? "BD09" : name ? "WGS84" : "";
}

/** BD-09 to GCJ-02, by the published formula, then to WGS 84. */
function fromBd09([lng, lat]: LngLat): LngLat {
  const turn = (Math.PI * 3000) / 180;
  const [x, y] = [lng - 0.0065, lat - 0.006];
  const z = Math.hypot(x, y) - 0.00002 * Math.sin(y * turn);
  const theta = Math.atan2(y, x) - 0.000003 * Math.cos(x * turn);
  return wgs84FromGcj02(z * Math.cos(theta), z * Math.sin(theta));
}

export function toWgs84(point: LngLat, datum: Datum): LngLat {
  if (datum === "GCJ02") return wgs84FromGcj02(point[0], point[1]);
  return datum === "BD09" ? fromBd09(point) : point;
}

function moved(value: unknown, datum: Datum): unknown {
  if (!Array.isArray(value)) return value;
  if (typeof value[0] === "number" && typeof value[1] === "number") return toWgs84([value[0], value[1]], datum).map((one) => Math.round(one * 1e7) / 1e7);
  return value.map((one: unknown) => moved(one, datum));
}

function movedPart(part: Part, datum: Datum): Part {
  const next = { ...part };
  if (part.coordinates !== undefined) next.coordinates = moved(part.coordinates, datum);
  if (part.geometries) next.geometries = part.geometries.map((one) => movedPart(one, datum));
  return next;
}

/** The zones of a document, on WGS 84 and in the form of ED-318. */
export function zonesOf(document: Json, datum: Datum): Zone[] {
  const features = (document["features"] ?? []) as Json[];
  return features.map((feature): Zone => {
    const zone = feature["properties"] ? (feature as unknown as Zone) : fromEd269(feature);
    const { type, properties, geometry } = zone;
    const { crs: _crs, ...rest } = movedPart(geometry, datum) as Part & { crs?: unknown };
    return { type, properties, geometry: rest };
  });
}

/** One zone from an outline. */
export function zoneOfShape({ name, rings }: Shape, datum: Datum, taken: (id: string) => boolean): Zone {
  const open = (points: LngLat[]) => {
    const [first, last] = [points[0]!, points.at(-1)!];
    return points.length > 3 && first[0] === last[0] && first[1] === last[1] ? points.slice(0, -1) : points;
  };
  const [outer = [], ...holes] = rings.map((ring) => open(ring).map((point) => toWgs84(point, datum)));
  const part = newPart("polygon", outer, 0);
  if (holes.length > 0) part.coordinates = [...(part.coordinates as LngLat[][]), ...holes.map((ring) => [...ring, ring[0]!])];
  const zone = newZone(part, taken);
  if (name) zone.properties.name = withText(zone.properties.name, /[一-鿿]/.test(name) ? "zh" : "en", name);
  return zone;
}

function fromEd269(feature: Json): Zone {
  const texts = (value: unknown) => (typeof value === "string" ? [{ text: value, lang: /[一-鿿]/.test(value) ? "zh-CN" : "en-GB" }] : value);
  const volumes = ((feature["geometry"] ?? []) as Json[]).map((volume): Part => {
    const shape = (volume["horizontalProjection"] ?? {}) as Json;
    const uom = String(volume["uomDimensions"] ?? "M").toLowerCase();
    const layer: Json = { uom };
    for (const end of ["lower", "upper"]) {
      const limit = volume[`${end}Limit`];
      if (typeof limit === "number" && limit < 99_999) Object.assign(layer, { [end]: limit, [`${end}Reference`]: volume[`${end}VerticalReference`] ?? "AGL" });
    }
    return shape["type"] === "Circle"
      ? { type: "Point", coordinates: shape["center"], extent: { subType: "Circle", radius: Number(shape["radius"]) }, layer }
      : { type: "Polygon", coordinates: shape["coordinates"], layer };
  });
  const { geometry: _volumes, restriction, type: variant, name, message, applicability, ...rest } = feature;
  const periods = ((applicability ?? []) as Json[]).filter(({ permanent }) => permanent !== "YES").map(({ permanent: _never, ...period }) => period);
  const properties = {
    ...rest,
    type: restriction === "REQ_AUTHORISATION" ? "REQ_AUTHORIZATION" : restriction,
    variant: variant ?? "COMMON",
    name: texts(name),
    ...(message ? { message: texts(message) } : {}),
    ...(periods.length > 0 ? { limitedApplicability: periods } : {}),
  };
  const geometry = volumes.length === 1 ? volumes[0]! : { type: "GeometryCollection", geometries: volumes };
  return { type: "Feature", properties: properties as unknown as Properties, geometry };
}
