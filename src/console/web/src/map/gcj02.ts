// The shift of Chinese web maps (GCJ-02), so that a shifted base map can be drawn under unshifted data.
// The formula is the published one; `src/geodesy/gcj02.rs` has the same.

const A = 6378245.0;
const E2 = 0.006693421622965943;

function shift(x: number, y: number): [number, number] {
  const wave = (amplitude: number, angle: number) => amplitude * Math.sin(angle);
  const common = wave(20, 6 * Math.PI * x) + wave(20, 2 * Math.PI * x);
  const many = (v: number, a: number, b: number) =>
    wave(20, Math.PI * v) + wave(40, (Math.PI * v) / 3) + wave(a, (Math.PI * v) / 12) + wave(b, (Math.PI * v) / 30);
  const root = Math.sqrt(Math.abs(x));
  const north =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ((common + many(y, 160, 320)) * 2) / 3;
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ((common + many(x, 150, 300)) * 2) / 3;
  return [north, east];
}

/** Where a WGS 84 point is drawn on a GCJ-02 map; longitude and latitude in degrees. */
export function gcj02FromWgs84(lng: number, lat: number): [number, number] {
  if (!(72.004 <= lng && lng <= 137.8347 && 0.8293 <= lat && lat <= 55.8271)) return [lng, lat];
  const [north, east] = shift(lng - 105, lat - 35);
  const radians = (lat * Math.PI) / 180;
  const w2 = 1 - E2 * Math.sin(radians) ** 2;
  const w = Math.sqrt(w2);
  const degrees = 180 / Math.PI;
  return [
    lng + ((east * w) / (A * Math.cos(radians))) * degrees,
    lat + ((north * w2 * w) / (A * (1 - E2))) * degrees,
  ];
}

/** The WGS 84 point that a GCJ-02 map shows there, to less than a centimetre. */
export function wgs84FromGcj02(lng: number, lat: number): [number, number] {
  let [x, y] = [lng, lat];
  for (let round = 0; round < 8; round += 1) {
    const [seenX, seenY] = gcj02FromWgs84(x, y);
    x += lng - seenX;
    y += lat - seenY;
  }
  return [x, y];
}
