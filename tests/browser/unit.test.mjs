// The parts of the page that need no browser: texts, shifts, labels, periods, figures.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const WEB = join(import.meta.dirname ?? ".", "web");
const place = mkdtempSync(join(tmpdir(), "lowsky-unit-"));
after(() => rmSync(place, { recursive: true, force: true }));

/** A module of the page, for node. */
async function load(name) {
  const outfile = join(place, `${name.replaceAll("/", "-")}.mjs`);
  await build({ entryPoints: [join(WEB, "src", `${name}.ts`)], outfile, bundle: true, format: "esm", logLevel: "error" });
  return import(pathToFileURL(outfile));
}

test("the types hold", () => {
  execFileSync("node", [join("node_modules", "typescript", "bin", "tsc"), "-p", WEB], { stdio: "inherit" });
});

test("both dictionaries say the same things with the same figures in them", async () => {
  const { zh } = await load("i18n/zh");
  const { en } = await load("i18n/en");
  assert.deepEqual(Object.keys(en).sort(), Object.keys(zh).sort());
  const figures = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  for (const key of Object.keys(zh)) {
    assert.deepEqual(figures(en[key]), figures(zh[key]), key);
    assert.notEqual(en[key].trim(), "", key);
    assert.notEqual(zh[key].trim(), "", key);
    if (key !== "lang_other") assert.doesNotMatch(en[key], /[一-鿿]/, key);
  }
});

test("what is put aside comes back by itself, and nothing critical is put aside", async () => {
  const { isShelved } = await load("protocol");
  const alert = { state: "OPEN", severity: "CAUTION", shelved: { by: "W", at: "2026-01-01T08:00:00Z", until: "2026-01-01T08:30:00Z", reason: "r" } };
  const at = (time) => Date.parse(`2026-01-01T${time}Z`);
  assert.deepEqual([isShelved(alert, at("08:29:59.999")), isShelved(alert, at("08:30:00"))], [true, false]);
  assert.equal(isShelved({ ...alert, severity: "CRITICAL" }, at("08:10:00")), false);
  assert.equal(isShelved({ ...alert, state: "CLEARED" }, at("08:10:00")), false);
  assert.equal(isShelved({ ...alert, shelved: undefined }, at("08:10:00")), false);
});

test("every text is used, and every text that is asked for is there", async () => {
  const { zh } = await load("i18n/zh");
  const sources = readdirSync(join(WEB, "src"), { recursive: true })
    .filter((name) => name.endsWith(".ts") && !/i18n.(zh|en)\.ts$/.test(name))
    .map((name) => readFileSync(join(WEB, "src", name), "utf8"))
    .join("\n");
  const made = ["tag_", "reason_", "figure_", "data_", "sys_", "zone_", "banner_", "legend_", "fleet_status_", "fleet_tile_", "replay_export_"];
  const unused = Object.keys(zh).filter((key) => !sources.includes(`"${key}"`) && !made.some((start) => key.startsWith(start)));
  // Names of severities, phases and states of the connection are asked for by their values.
  const values = ["CRITICAL", "WARNING", "CAUTION", "ADVISORY", "INFO", "PREDICTED", "ACTUAL", "starting", "silent", "delayed", "offline"];
  assert.deepEqual(unused.filter((key) => !values.includes(key)), []);
});

test("GCJ-02 is shifted there and back as in the service", async () => {
  const { gcj02FromWgs84, wgs84FromGcj02 } = await load("map/gcj02");
  // A published pair of points: 39.912 733 N 116.404 015 E in WGS 84.
  const [lng, lat] = gcj02FromWgs84(116.404, 39.915);
  assert.ok(Math.abs(lng - 116.41024449916938) < 1e-9 && Math.abs(lat - 39.91640428150164) < 1e-9, `${lng} ${lat}`);
  for (let x = 110; x < 117; x += 0.37) {
    for (let y = 20; y < 25; y += 0.41) {
      const [backX, backY] = wgs84FromGcj02(...gcj02FromWgs84(x, y));
      assert.ok(Math.abs(backX - x) < 1e-7 && Math.abs(backY - y) < 1e-7);
      const [shiftedX, shiftedY] = gcj02FromWgs84(x, y);
      const metres = Math.hypot((shiftedX - x) * 102_000, (shiftedY - y) * 110_700);
      assert.ok(300 < metres && metres < 800, `${metres} m at ${x} ${y}`);
    }
  }
  assert.deepEqual(gcj02FromWgs84(2.35, 48.85), [2.35, 48.85], "nothing is shifted outside");
});

test("crossings, areas and corridors of drawn shapes", async () => {
  const { crossings, areaM2, corridor, metresPerDegree } = await load("editor/geometry");
  const bow = [[114, 22], [114.02, 22.02], [114.02, 22], [114, 22.02]];
  const [found] = crossings(bow);
  assert.deepEqual(found.edges, [0, 2]);
  assert.ok(Math.hypot(found.at[0] - 114.01, found.at[1] - 22.01) < 1e-9);
  assert.deepEqual(crossings([[114, 22], [114.02, 22], [114.02, 22.02], [114, 22.02]]), []);
  const [x, y] = metresPerDegree(22.5);
  assert.ok(Math.abs(x - 102_894) < 200 && Math.abs(y - 110_750) < 100, `${x} ${y}`);
  // A straight corridor of 1 km with round ends: 2 r l + pi r^2.
  const line = [[114, 22.5], [114 + 1000 / x, 22.5]];
  const area = areaM2({ type: "Polygon", coordinates: [corridor(line, 50)] });
  assert.ok(Math.abs(area - (100_000 + Math.PI * 2500)) < 300, `${area}`);
});

test("pasted coordinates are read in either order, and named datums are known", async () => {
  const { parse, datumOf, toWgs84, zonesOf } = await load("editor/files");
  const ring = [[114.05, 22.54], [114.058, 22.54], [114.058, 22.545]];
  for (const text of ["114.05,22.54\n114.058,22.54\n114.058,22.545", "22.54 114.05; 22.54 114.058; 22.545 114.058"]) assert.deepEqual(parse(text).shapes, [{ name: "", rings: [ring] }]);
  assert.ok(parse("nothing of use").fault);
  assert.ok(parse('{"type": ').fault);
  assert.equal(datumOf({ crs: "GCJ-02" }), "GCJ02");
  assert.equal(datumOf({ crs: { properties: { name: "urn:ogc:def:crs:OGC:1.3:CRS84" } } }), "WGS84");
  // BD-09 lies another kilometre away from GCJ-02.
  const [gcj, bd] = [toWgs84([114.05, 22.54], "GCJ02"), toWgs84([114.05, 22.54], "BD09")];
  const apart = Math.hypot((gcj[0] - bd[0]) * 102_900, (gcj[1] - bd[1]) * 110_750);
  assert.ok(500 < apart && apart < 1500, `${apart}`);
  const volume = { uomDimensions: "M", lowerLimit: 0, lowerVerticalReference: "AGL", upperLimit: 120, upperVerticalReference: "AGL", horizontalProjection: { type: "Circle", center: [114, 22.5], radius: 300 } };
  const [zone] = zonesOf({ features: [{ identifier: "A", country: "CHN", name: "Park", type: "COMMON", restriction: "REQ_AUTHORISATION", applicability: [{ permanent: "YES" }], geometry: [volume] }] }, "");
  assert.deepEqual([zone.properties.type, zone.properties.variant, zone.geometry.extent.radius, zone.geometry.layer.upper], ["REQ_AUTHORIZATION", "COMMON", 300, 120]);
});

test("a table with a head gives an outline for each name, and what looks shifted is told", async () => {
  const { parse, shiftedFrom, toWgs84, zoneOfShape } = await load("editor/files");
  const rows = ["名称,经度,纬度", "甲,114.05,22.54", "甲,114.06,22.54", "甲,114.06,22.55", '"B",114.1,22.5', '"B",114.11,22.5', '"B",114.11,22.51'];
  const { shapes } = parse(`\uFEFF${rows.join("\r\n")}\r\n`);
  assert.deepEqual(shapes.map(({ name, rings }) => [name, rings[0].length]), [["甲", 3], ["B", 3]]);
  assert.deepEqual(shapes[0].rings[0][1], [114.06, 22.54]);
  assert.deepEqual(parse("id;lat;lon\nX;22.5;114.1\nX;22.5;114.2\nX;22.6;114.2").shapes[0], { name: "X", rings: [[[114.1, 22.5], [114.2, 22.5], [114.2, 22.6]]] });
  assert.ok(parse("lat,lng\n22.5,114.1\n22.5,x\n22.6,114.2").fault, "what is no number is no place");
  assert.ok(parse("lat,lng\n22.5,114.1").fault);
  const never = () => false;
  const ring = [[114.05, 22.54], [114.06, 22.54], [114.06, 22.55]];
  const live = zoneOfShape({ name: "园区", rings: [ring.map((point) => toWgs84(point, "GCJ02"))] }, "WGS84", never);
  const asDrawn = zoneOfShape({ name: "", rings: [ring] }, "WGS84", never);
  const told = shiftedFrom([asDrawn], [live]);
  assert.ok(300 < told.m && told.m < 700, `${told.m} m`);
  assert.equal(shiftedFrom([live], [live]), undefined);
  assert.equal(live.properties.name.find(({ text }) => text === "园区")?.lang.startsWith("zh"), true);
});

test("times are read as they are written, and only those of the calendar", async () => {
  const { fromLocal, toLocal, timeOfDay } = await load("editor/times");
  assert.equal(fromLocal("2026-11-22 14:02"), "2026-11-22T14:02:00+08:00");
  assert.equal(toLocal("2026-11-22T06:02:00Z"), "2026-11-22 14:02");
  for (const wrong of ["2026-02-30 10:00", "22/11/2026 14:02", "2026-11-22", "2026-11-22 24:10", ""]) assert.equal(fromLocal(wrong), undefined, wrong);
  assert.deepEqual([timeOfDay("8:05"), timeOfDay("23:59"), timeOfDay("24:00"), timeOfDay("8h")], ["08:05", "23:59", undefined, undefined]);
});

test("the alarms of an hour are counted, and how they crowd and are noted", async () => {
  const { measured } = await load("system/alarms");
  const now = Date.parse("2026-11-22T06:00:00Z");
  const alert = (minutesAgo, severity, ackAfterS) => {
    const raised = now - minutesAgo * 60_000;
    return { alert_id: String(Math.random()), severity, raised_at: new Date(raised).toISOString(), ...(ackAfterS ? { acknowledged: { by: "A", at: new Date(raised + ackAfterS * 1000).toISOString() } } : {}) };
  };
  const alerts = [...Array.from({ length: 12 }, () => alert(30, "WARNING", 20)), alert(5, "CRITICAL", 4), alert(4, "CAUTION"), alert(3, "ADVISORY")];
  const done = measured(alerts, now);
  assert.deepEqual([done.raised, done.peak, done.split, done.medianToAck], [14, 12, [1, 12, 1, 1], 20]);
  assert.equal(done.perTenMin.at(-1), 2);
  // Ten minutes of sixty with more than ten.
  assert.ok(Math.abs(done.flooded - 10 / 60) < 0.02, `${done.flooded}`);
  assert.equal(measured([], now).medianToAck, undefined);
});

test("figures of the service: rates, percentiles, and a new beginning", async () => {
  const { readMetrics, Samples } = await load("system/samples");
  const text = (messages, fast, slow) => `# HELP x\nlowsky_intake_messages_total ${messages}\nlowsky_l_bucket{le="0.1"} ${fast}\nlowsky_l_bucket{le="+Inf"} ${fast + slow}\nlowsky_l_bucket{le="0.5"} ${fast + slow}\n`;
  const samples = new Samples();
  samples.push(0, readMetrics(text(100, 1000, 0)));
  samples.push(10_000, readMetrics(text(300, 1010, 1)));
  assert.equal(samples.rate("intake_messages_total"), 20);
  assert.equal(samples.p99("l"), 0.5, "of what came meanwhile");
  samples.push(20_000, readMetrics(text(5, 0, 0)));
  assert.equal(samples.rate("intake_messages_total"), undefined, "a service that began anew has no rate yet");
});

test("labels never cover each other or leave the view, and stay where they were", async () => {
  const { Labels } = await load("map/labels");
  const labels = new Labels();
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const wishes = Array.from({ length: 300 }, (_, n) => ({
    id: `A${n}`, x: random() * 900, y: random() * 600, width: 60 + random() * 60, height: 33, far: n < 20,
  }));
  const area = { left: 0, top: 0, right: 900, bottom: 600 };
  const tool = { left: 0, top: 0, right: 300, bottom: 40 };
  const first = labels.place(wishes, area, [tool]);
  assert.ok(first.length > 40, `${first.length}`);
  const rects = first.map(({ left, top, wish }) => ({ left, top, right: left + wish.width, bottom: top + wish.height }));
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  rects.forEach((rect, at) => {
    assert.ok(0 <= rect.left && rect.right <= 900 && 0 <= rect.top && rect.bottom <= 600);
    assert.ok(!meet(rect, tool));
    assert.ok(rects.every((other, index) => index <= at || !meet(rect, other)));
  });
  const moved = wishes.map((wish) => ({ ...wish, x: wish.x + 0.2 }));
  const second = new Map(labels.place(moved, area, [tool]).map((placed) => [placed.wish.id, placed]));
  const stayed = first.filter(({ wish, left }) => Math.abs((second.get(wish.id)?.left ?? -99) - left) < 1);
  assert.ok(stayed.length > first.length * 0.95, `${stayed.length} of ${first.length}`);
});

test("the newest CRITICAL is the one that became so last, not the one that was raised last", async () => {
  const { Alerts, byUrgency } = await load("store/alerts");
  const alerts = new Alerts();
  const take = (id, severity, raised, updated, more = {}) =>
    alerts.take({ alert_id: id, severity, state: "OPEN", uas_id: id, phase: "ACTUAL", raised_at: `2026-11-22T08:${raised}Z`, updated_at: `2026-11-22T08:${updated}Z`, ...more }, 0, undefined);
  const order = () => [...alerts.open.values()].sort(byUrgency).map(({ alert }) => alert.alert_id).join("");
  take("A", "WARNING", "00:00", "00:00");
  take("B", "CRITICAL", "05:00", "05:00");
  assert.equal(alerts.newestCritical().alert.alert_id, "B");
  take("A", "CRITICAL", "00:00", "06:00");
  assert.equal(alerts.newestCritical().alert.alert_id, "A", "it escalated after the other was raised");
  assert.equal(order(), "AB");
  take("B", "CRITICAL", "05:00", "07:00");
  assert.equal(alerts.newestCritical().alert.alert_id, "A", "an update is no escalation");
  take("B", "WARNING", "05:00", "08:00");
  take("B", "CRITICAL", "05:00", "09:00");
  assert.equal(order(), "BA", "one that eased and escalates again is news");
  alerts.replace([...alerts.open.values()].map(({ alert }) => alert), 0);
  assert.equal(order(), "BA", "a snapshot changes nothing of it");
  take("B", "CRITICAL", "05:00", "10:00", { acknowledged: { by: "x", at: "y" } });
  assert.equal(alerts.newestCritical().alert.alert_id, "A", "who is acknowledged comes after");
});

test("a zone is active, about to switch on, or off", async () => {
  const { zoneState, zoneHeights, shortHeights, brief } = await load("store/zones");
  const now = Date.parse("2026-11-22T08:00:00Z");
  const zone = (lowsky) => ({ properties: { identifier: "Z", type: "PROHIBITED" }, geometry: { type: "Polygon" }, lowsky });
  const state = (applies, switches_at) => zoneState(zone({ applies, switches_at }), now).state;
  assert.deepEqual(zoneState(zone(), now), { state: "active" });
  assert.equal(state(true, undefined), "active");
  assert.equal(state(true, "2026-11-22T09:00:00Z"), "active");
  assert.equal(state(false, "2026-11-22T08:20:00Z"), "soon");
  assert.equal(state(false, "2026-11-22T12:00:00Z"), "off");
  assert.equal(state(true, "2026-11-22T08:00:00Z"), "off", "the end is outside");
  assert.equal(state(false, "2026-11-22T07:59:00Z"), "active", "it has begun since");
  const layer = { lower: 0, lowerReference: "AGL", upper: 1000, upperReference: "AGL", uom: "ft" };
  assert.equal(zoneHeights({ ...zone(), geometry: { type: "Polygon", layer } }), "0 m AGL – 305 m AGL");
  assert.match(zoneHeights({ ...zone(), geometry: { type: "Polygon", layer: { lower: 0, lowerReference: "AGL", uom: "m" } } }), /∞$/);
  assert.equal(shortHeights({ ...zone(), geometry: { type: "Polygon", layer } }), "0–305 m AGL");
  assert.deepEqual(["Park (synthetic example)", "机场（合成示例）", "(A)", "Gate (B) 2"].map(brief), ["Park", "机场", "(A)", "Gate (B) 2"]);
});

test("aircraft grow stale, then lost, keep short trails, and places are reused", async () => {
  const { Tracks } = await load("store/tracks");
  const tracks = new Tracks();
  const track = (id, n) => ({ uas_id: id, timestamp: "t", lat: 22.5 + n * 0.001, lng: 114, freshness: "LIVE" });
  for (let n = 0; n < 12; n += 1) tracks.set(track("A", n), n * 4000);
  const a = tracks.at("A");
  assert.equal(tracks.trailLength[a], 6);
  assert.deepEqual([0, 2999, 3000, 14_999, 15_000].map((ms) => tracks.staleness(a, 44_000 + ms)), [0, 0, 1, 1, 2]);
  tracks.set({ ...track("A", 0), freshness: "COASTED" }, 50_000);
  assert.equal(tracks.staleness(a, 50_000), 1);
  for (let n = 0; n < 3000; n += 1) tracks.set(track(`B${n}`, n), 0);
  tracks.replace([track("A", 1)], 60_000, undefined);
  assert.equal(tracks.count, 1);
  for (let n = 0; n < 3000; n += 1) tracks.set(track(`C${n}`, n), 0);
  assert.equal(tracks.length, 3001, "places of the gone are reused");
});
