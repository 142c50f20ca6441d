// Zones from a file or from pasted text: GeoJSON, ED-318, ED-269, or plain coordinates, in one of several datums.

import { wgs84FromGcj02 } from "../map/gcj02";
import { type LngLat, type Part, type Properties, type Zone, newPart, newZone } from "./model";

export type Datum = "" | "WGS84" | "GCJ02" | "BD09";

type Json = Record<string, unknown>;

/** What a text holds: a document for the service to check, or coordinates alone. */
export function parse(text: string): { document?: Json; points?: LngLat[]; fault?: string } {
  const bare = text.replace(/^\uFEFF/, "").trim();
  if (/^[[{]/.test(bare)) {
    try {
      const value = JSON.parse(bare) as unknown;
      if (Array.isArray(value)) {
        const points = (value as unknown[][]).map(([lng, lat]) => [Number(lng), Number(lat)] as LngLat);
        return points.every(onEarth) ? { points } : { fault: "json" };
      }
      const one = value as Json;
      return { document: one["type"] === "Feature" ? { type: "FeatureCollection", features: [one], ...(one["crs"] ? { crs: one["crs"] } : {}) } : one };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  }
  const points = bare
    .split(/[\n;]+/)
    .map((line) => line.match(/-?\d+(?:\.\d+)?/g)?.map(Number) ?? [])
    .filter((numbers) => numbers.length >= 2)
    // In China no longitude is as small as a latitude.
    .map(([a, b]): LngLat => (a! < 60 && 60 < b! ? [b!, a!] : [a!, b!]));
  return points.length >= 3 && points.every(onEarth) ? { points } : { fault: "text" };
}

function onEarth([lng, lat]: LngLat): boolean {
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

/** One zone from pasted coordinates. */
export function zoneOfPoints(points: LngLat[], datum: Datum, taken: (id: string) => boolean): Zone {
  const last = points.at(-1)!;
  const open = points.length > 3 && points[0]![0] === last[0] && points[0]![1] === last[1] ? points.slice(0, -1) : points;
  return newZone(newPart("polygon", open.map((point) => toWgs84(point, datum)), 0), taken);
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
