// Figures of drawn shapes: crossings, areas, and the outlines of circles and corridors.

import { type LngLat, type Part, formOf, parts, pointsOf, type Zone } from "./model";

/** WGS 84. */
const EQUATOR_M = 6378137;
const E2 = 0.00669437999014;
const ARC = 64;

/** Metres of a degree of longitude and of latitude at a latitude. */
export function metresPerDegree(lat: number): [number, number] {
  const phi = (lat * Math.PI) / 180;
  const w = Math.sqrt(1 - E2 * Math.sin(phi) ** 2);
  const degree = (EQUATOR_M * Math.PI) / 180;
  return [(degree / w) * Math.cos(phi), (degree * (1 - E2)) / w ** 3];
}

export interface Crossing {
  at: LngLat;
  /** The edges that cross, by the number of the point that each begins at, from 0. */
  edges: [number, number];
}

/** Where two edges of a closed ring meet that are not neighbours. */
export function crossings(points: LngLat[]): Crossing[] {
  const found: Crossing[] = [];
  const n = points.length;
  for (let i = 0; i < n && found.length < 20; i += 1) {
    for (let j = i + 2; j < n; j += 1) {
      if (i === 0 && j === n - 1) continue;
      const at = meet(points[i]!, points[(i + 1) % n]!, points[j]!, points[(j + 1) % n]!);
      if (at) found.push({ at, edges: [i, j] });
    }
  }
  return found;
}

function meet(a: LngLat, b: LngLat, c: LngLat, d: LngLat): LngLat | undefined {
  const [rx, ry, sx, sy] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]];
  const cross = rx * sy - ry * sx;
  if (cross === 0) return undefined;
  const t = ((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / cross;
  const u = ((c[0] - a[0]) * ry - (c[1] - a[1]) * rx) / cross;
  return 0 <= t && t <= 1 && 0 <= u && u <= 1 ? [a[0] + t * rx, a[1] + t * ry] : undefined;
}

/** Area of a part, square metres; good to a part in a thousand for what a city draws. */
export function areaM2(part: Part): number {
  if (formOf(part) === "circle") return Math.PI * (part.extent?.radius ?? 0) ** 2;
  return outline(part).reduce((sum, polygon) => sum + polygon.reduce((area, ring, i) => area + (i ? -1 : 1) * ringArea(ring), 0), 0);
}

function ringArea(ring: LngLat[]): number {
  const [x, y] = metresPerDegree(ring[0]?.[1] ?? 0);
  let twice = 0;
  ring.forEach((p, i) => {
    const q = ring[(i + 1) % ring.length]!;
    twice += (p[0] - ring[0]![0]) * (q[1] - ring[0]![1]) - (q[0] - ring[0]![0]) * (p[1] - ring[0]![1]);
  });
  return (Math.abs(twice) / 2) * x * y;
}

/** The rings of a part as they are drawn, one list for each polygon. */
export function outline(part: Part): LngLat[][][] {
  switch (part.type) {
    case "Polygon":
      return [part.coordinates as LngLat[][]];
    case "MultiPolygon":
      return part.coordinates as LngLat[][][];
    case "Point":
      return [[circle(part.coordinates as LngLat, part.extent?.radius ?? 0)]];
    case "LineString":
      return [[corridor(pointsOf(part), part.extent?.halfWidth ?? 0)]];
    default:
      return (part.geometries ?? []).flatMap(outline);
  }
}

export function outlineOf(zone: Zone | undefined): LngLat[][][] {
  return zone ? parts(zone).flatMap(outline) : [];
}

function arc([lng, lat]: LngLat, radius: number, from: number, to: number, steps: number): LngLat[] {
  const [x, y] = metresPerDegree(lat);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = from + ((to - from) * i) / steps;
    return [lng + (radius * Math.cos(angle)) / x, lat + (radius * Math.sin(angle)) / y];
  });
}

export function circle(centre: LngLat, radius: number): LngLat[] {
  return arc(centre, radius, 0, 2 * Math.PI, ARC);
}

/** The edge of all that is within a distance of a line; round at its ends and its outer bends. */
export function corridor(line: LngLat[], halfWidth: number): LngLat[] {
  const points = line.filter((p, i) => i === 0 || p[0] !== line[i - 1]![0] || p[1] !== line[i - 1]![1]);
  if (points.length < 2) return points[0] ? circle(points[0], halfWidth) : [];
  const [x, y] = metresPerDegree(points[0]![1]);
  const heading = (a: LngLat, b: LngLat) => Math.atan2((b[1] - a[1]) * y, (b[0] - a[0]) * x);
  const side = (path: LngLat[]): LngLat[] =>
    path.flatMap((p, i) => {
      const right = Math.PI / 2;
      if (i === 0) return arc(p, halfWidth, heading(p, path[1]!) - right, heading(p, path[1]!) - right, 1).slice(0, 1);
      const before = heading(path[i - 1]!, p);
      // At the end half a circle leads to the other side.
      if (i === path.length - 1) return arc(p, halfWidth, before - right, before + right, ARC / 4);
      let turn = heading(p, path[i + 1]!) - before;
      turn = Math.atan2(Math.sin(turn), Math.cos(turn));
      if (turn > 0) return arc(p, halfWidth, before - right, before + turn - right, 8);
      return arc(p, halfWidth / Math.max(0.2, Math.cos(turn / 2)), before + turn / 2 - right, before + turn / 2 - right, 1).slice(0, 1);
    });
  const ring = [...side(points), ...side([...points].reverse())];
  return [...ring, ring[0]!];
}
