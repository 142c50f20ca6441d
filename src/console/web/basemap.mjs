// The coast of southern China from Natural Earth (public domain, by way of world-atlas), cut to a box and packed:
// rings of whole numbers of 1e-4 degrees, each point as the difference from the one before.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const BOX = [107, 17, 120, 28];
const SCALE = 1e4;

/** Sutherland-Hodgman against one side of the box. */
function cutSide(ring, inside, cross) {
  const kept = [];
  ring.forEach((point, index) => {
    const before = ring[(index + ring.length - 1) % ring.length];
    if (inside(point) !== inside(before)) kept.push(cross(before, point));
    if (inside(point)) kept.push(point);
  });
  return kept;
}

function cut(ring) {
  const [west, south, east, north] = BOX;
  const atX = (x) => ([ax, ay], [bx, by]) => [x, ay + ((by - ay) * (x - ax)) / (bx - ax)];
  const atY = (y) => ([ax, ay], [bx, by]) => [ax + ((bx - ax) * (y - ay)) / (by - ay), y];
  let kept = ring.slice(0, -1);
  kept = cutSide(kept, ([x]) => x >= west, atX(west));
  kept = cutSide(kept, ([x]) => x <= east, atX(east));
  kept = cutSide(kept, ([, y]) => y >= south, atY(south));
  return cutSide(kept, ([, y]) => y <= north, atY(north));
}

function pack(ring) {
  const packed = [];
  let [x0, y0] = [0, 0];
  for (const [lng, lat] of ring) {
    const [x, y] = [Math.round(lng * SCALE), Math.round(lat * SCALE)];
    if (x === x0 && y === y0) continue;
    packed.push(x - x0, y - y0);
    [x0, y0] = [x, y];
  }
  return packed;
}

export function basemap() {
  const path = createRequire(import.meta.url).resolve("world-atlas/land-10m.json");
  const world = JSON.parse(readFileSync(path, "utf8"));
  const land = feature(world, world.objects.land);
  const shapes = land.type === "FeatureCollection" ? land.features.map((one) => one.geometry) : [land.geometry];
  const polygons = shapes.flatMap((one) => (one.type === "MultiPolygon" ? one.coordinates : [one.coordinates]));
  const kept = polygons
    .map((rings) => rings.map(cut).filter((ring) => ring.length > 2).map(pack))
    .filter((rings) => rings.length > 0);
  return { source: "Natural Earth", scale: SCALE, box: BOX, polygons: kept };
}
