// The past: what is shown equals the record, nobody takes it for the present, and what is live goes on above it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { LANGUAGES, browser, demo, live, open, patience, sees, until } from "./lib.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ALL = "113.7500,22.7500,9.0";

let service;
let engine;
before(async () => {
  service = await demo({ aircraft: 120 });
  engine = await browser();
  // A past that is worth to be looked at.
  await until("a CRITICAL in the record", 120, async () => (await record()).some(({ event, alert }) => event !== "CLEARED" && alert.severity === "CRITICAL"));
});
after(async () => {
  await engine?.close();
  await service?.stop();
});

const get = async (path) => (await fetch(`${service.url}api/v1/${path}`)).json();
const record = async () => (await get(`events?from=${Date.now() - 3_600_000}&to=${Date.now()}&limit=5000`)).events;
const iso = (at) => new Date(at).toISOString();

/** The page of the past at a moment. */
async function replay(said, options = {}) {
  const opened = await open(engine, service.url, { lang: "en", ...options });
  await live(opened.page);
  await opened.page.evaluate((hash) => {
    location.hash = hash;
  }, `#/replay?${new URLSearchParams({ at: ALL, ...said })}`);
  await opened.page.locator("#replay-strip").waitFor({ timeout: patience(20) });
  return opened;
}

const pictured = () => {
  const { tracks, alerts, t } = window.lowsky.map.painter.scene;
  const rows = tracks.rows.filter(Boolean).map(({ uas_id, lat, lng }) => [uas_id, lat, lng]);
  return { t, rows: rows.sort(), alerts: [...alerts.open.values()].map(({ alert }) => `${alert.alert_id} ${alert.severity}`).sort() };
};
const full = (page) => sees(page, "the picture of the past", 30, () => window.lowsky.map.painter.scene.tracks.count > 50);

/** What the service has on record for a moment: the newest report of each in the minute before. */
async function logged(t) {
  const { aircraft, columns, rows } = await get(`history?from=${t - 60_000}&to=${t + 1}&step_s=0`);
  const [at, who, lat, lng] = ["at_ms", "aircraft", "lat", "lng"].map((name) => columns.indexOf(name));
  const newest = new Map();
  for (const row of rows) if (t - 60_000 < row[at] && row[at] <= t) newest.set(aircraft[row[who]].uas_id, [row[lat], row[lng]]);
  return [...newest].map(([id, place]) => [id, ...place]).sort();
}

/** Which alerts stood after the events up to a moment. */
async function stood(t) {
  const standing = new Map();
  for (const { at, alert } of await record()) {
    if (t < Date.parse(at)) break;
    if (alert.state === "OPEN") standing.set(alert.alert_id, alert.severity);
    else standing.delete(alert.alert_id);
  }
  return [...standing].map((one) => one.join(" ")).sort();
}

test("what is shown equals the record, after a jump and after playing", async () => {
  const t = Date.now() - 15_000;
  const { page, faults, close } = await replay({ t: iso(t) });
  await full(page);
  await sees(page, "its alerts", 20, () => document.querySelector(".replay-state").textContent === "");
  const jumped = await page.evaluate(pictured);
  assert.equal(jumped.t, t);
  assert.deepEqual(jumped.rows, await logged(t));
  assert.deepEqual(jumped.alerts, await stood(t));
  await page.keyboard.press("Space");
  await sees(page, "it plays", 20, (from) => window.lowsky.map.painter.scene.t > from + 2_000, t);
  await page.keyboard.press("Space");
  const played = await page.evaluate(pictured);
  assert.deepEqual(played.rows, await logged(Math.floor(played.t)));
  assert.notDeepEqual(played.rows, jumped.rows, "something moved");
  await page.keyboard.press("ArrowLeft");
  const back = await page.evaluate(() => window.lowsky.map.painter.scene.t);
  assert.ok(Math.abs(back - (played.t - 10_000)) < 2, `${back}, from ${played.t}`);
  await full(page);
  assert.deepEqual((await page.evaluate(pictured)).rows, await logged(back));
  assert.deepEqual(faults, []);
  await close();
});

for (const lang of LANGUAGES) {
  test(`it cannot be taken for the present, and the live CRITICAL stays in sight, ${lang}`, async () => {
    const { page, faults, foreign, close } = await replay({ t: iso(Date.now() - 20_000) }, { lang });
    await full(page);
    const pill = lang === "zh" ? /^回放 \d\d:\d\d:\d\d ×1 — 非实时$/ : /^REPLAY \d\d:\d\d:\d\d ×1 — not live$/;
    assert.match(await page.locator(".replay-pill").innerText(), pill);
    assert.match(await page.locator("#link b").innerText(), pill);
    assert.match(await page.title(), lang === "zh" ? /非实时/ : /NOT LIVE/);
    const frame = await page.evaluate(() => getComputedStyle(document.querySelector("#main"), "::after").borderTopColor);
    assert.equal(frame, "rgb(255, 181, 46)");
    // A click, so that the browser lets it sound.
    await page.locator(".replay-pill").click();
    await sees(page, "the newest live CRITICAL", 90, () => {
      const newest = window.lowsky.alerts.newestCritical()?.alert;
      const box = document.querySelector("#critical");
      return newest && !newest.acknowledged && !box.hidden && box.dataset.alert === newest.alert_id;
    });
    const plays = await page.evaluate(() => window.lowsky.sound.plays);
    await sees(page, "its sound, again and again", 40, (before) => window.lowsky.sound.plays > before, plays);
    const text = await page.locator("body").innerText();
    assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|\breplay_\w+/);
    if (lang === "en") assert.doesNotMatch(text.replace("中文", ""), /[一-鿿]/);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
    assert.deepEqual(violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html).join(" ")}`), []);
    await page.keyboard.press("Shift+L");
    await sees(page, "the present", 10, () => document.body.dataset.page === "live" && window.lowsky.map.painter.scene === window.lowsky);
    await sees(page, "the link as it is now", 10, (word) => document.querySelector("#link").textContent.includes(word), lang === "zh" ? "实时" : "LIVE");
    assert.deepEqual(foreign, []);
    assert.deepEqual(faults, []);
    await close();
  });
}

test("from an alert to two minutes around it, and a link to that moment", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  const row = page.locator("#alerts li .pick").first();
  await row.waitFor({ timeout: patience(60) });
  await row.click();
  const { id, raised } = await page.evaluate(() => ({ id: window.lowsky.alert.alert_id, raised: Date.parse(window.lowsky.alert.raised_at) }));
  await page.locator("#around").click();
  await page.locator("#replay-strip").waitFor({ timeout: patience(20) });
  await sees(page, "the alert of that time", 20, (wanted) => window.lowsky.map.painter.scene.chosen?.alert_id === wanted, id);
  // The minute before may lie before the record; it is known where that begins only when the first rows are there.
  await sees(page, "the record's beginning", 20, () => /on record since/.test(document.body.textContent));
  const said = () => new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
  await until("the address has the span", 10, () => said().get("from") === iso(raised - 60_000) && said().get("to") === iso(raised + 60_000));
  await page.keyboard.press("Space");
  await sees(page, "it stands still", 10, () => document.querySelector("#replay-play").textContent.startsWith("▶"));
  const t = await page.evaluate(() => window.lowsky.map.painter.scene.t);
  // The address as it was asked for plays from the same moment; it is written anew within a second.
  await until("the address has the moment", 10, () => said().get("t") === iso(t) && !said().has("around"));
  const address = page.url();
  await close();
  const other = await open(engine, service.url, { lang: "en" });
  await other.page.goto(address);
  await other.page.reload();
  await live(other.page);
  await sees(other.page, "the same moment", 20, (wanted) => Math.abs(window.lowsky.map.painter.scene.t - wanted) < 2, t);
  await sees(other.page, "the same alert", 20, (wanted) => window.lowsky.map.painter.scene.chosen?.alert_id === wanted, id);
  await other.close();
});

/** Presses a button and reads the file that comes. */
async function saved(page, format) {
  const [file] = await Promise.all([page.waitForEvent("download", { timeout: patience(40) }), page.locator(`[data-format=${format}]`).click()]);
  return readFileSync(await file.path());
}

test("the zones are those that were in force at the moment", async () => {
  const id = "PAST-1";
  const put = async (half, headers) => {
    const ring = [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]].map(([x, y]) => [113.3 + x * half, 21.9 + y * half]);
    const properties = { identifier: id, country: "CHN", name: [{ text: "过去", lang: "zh-CN" }, { text: "Past", lang: "en-GB" }], type: "PROHIBITED", variant: "COMMON", reason: ["OTHER"], zoneAuthority: [{ purpose: "INFORMATION" }] };
    const geometry = { type: "Polygon", coordinates: [ring], layer: { lower: 0, lowerReference: "AGL", upper: 100, upperReference: "AGL", uom: "m" } };
    const answer = await fetch(`${service.url}api/v1/zones/${id}`, {
      method: "PUT",
      headers: { "content-type": "application/json", "lowsky-author": "Zhao", "lowsky-reason": "browser test", ...headers },
      body: JSON.stringify({ type: "Feature", properties, geometry }),
    });
    assert.ok(answer.ok, await answer.text());
    await new Promise((go) => setTimeout(go, 8000));
    return answer.headers.get("etag");
  };
  const before = Date.now() - 3000;
  const tag = await put(0.01, { "if-none-match": "*" });
  const small = Date.now() - 3000;
  const { page, faults, close } = await replay({ t: iso(small) });
  await put(0.02, { "if-match": tag });
  // What is nearer to the present is not replayed yet.
  const large = Date.now() - 6000;
  const wide = () => {
    const [west, , east] = window.lowsky.map.zones.extent("PAST-1") ?? [0, 0, 0];
    return Math.round((east - west) / 111_319 / 0.01);
  };
  const shown = async (t, expected, what) => {
    await page.evaluate(([at, moment]) => (location.hash = `#/replay?at=${at}&t=${moment}`), [ALL, iso(t)]);
    await sees(page, what, 20, ([moment]) => window.lowsky.map.painter.scene.t === moment, [t]);
    await until(what, 20, async () => (await page.evaluate(wide)) === expected);
    await sees(page, `${what}, without a note`, 10, () => !/in force now/.test(document.body.innerText));
  };
  await shown(small, 2, "as it was drawn first");
  await shown(before, 0, "before it was there");
  await shown(large, 4, "as it was made larger");
  await shown(small, 2, "as it was drawn first, again");
  assert.equal(await page.locator("[data-id^=switched]").count(), 0, "nothing switched: the moment is another one");
  await page.keyboard.press("Shift+L");
  await sees(page, "the present", 10, () => document.body.dataset.page === "live");
  assert.equal(await page.evaluate(wide), 4);
  assert.deepEqual(faults, []);
  await close();
});

test("an incident is exported as GeoJSON, CSV and PNG", async () => {
  const zoned = await until("somebody in a zone", 120, async () => (await record()).find(({ alert }) => alert.zone && alert.phase === "ACTUAL"));
  const at = Date.parse(zoned.at);
  await until("some seconds after it", 30, () => at + 10_000 < Date.now());
  const [from, to] = [at - 20_000, at + 5_000];
  const { page, faults, close } = await replay({ t: iso(at), from: iso(from), to: iso(to) });
  await full(page);
  const { features } = JSON.parse(await saved(page, "geojson"));
  const kind = (name) => features.filter(({ properties }) => properties.kind === name);
  const { aircraft, rows } = await get(`history?from=${from}&to=${to + 1}&step_s=0`);
  const track = kind("track").find(({ geometry }) => geometry.type === "LineString");
  const own = rows.filter((row) => aircraft[row[1]].uas_id === track.properties.uas_id);
  assert.deepEqual(track.geometry.coordinates.map(([lng, lat]) => [lat, lng]), own.map((row) => [row[2], row[3]]));
  assert.deepEqual(track.properties.times, own.map((row) => iso(row[0])));
  assert.equal(kind("track").length, new Set(rows.map((row) => row[1])).size);
  assert.ok(kind("alert").every(({ geometry, properties }) => properties.alert_id && (geometry === null || geometry.type === "Point")));
  assert.ok(kind("zone").some(({ properties }) => properties.identifier === zoned.alert.zone.id));
  const lines = (await saved(page, "csv")).toString("utf8").trim().split("\r\n");
  assert.match(lines[0], /at,uas_id,operator,ua_class,lat,lng/);
  assert.equal(lines.length - 1, rows.length);
  const png = await saved(page, "png");
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  const map = await page.locator("#map").boundingBox();
  assert.equal(png.readUInt32BE(16), Math.round(map.width));
  assert.ok(png.readUInt32BE(20) > map.height + 40, "with a caption below");
  assert.deepEqual(faults, []);
  await close();
});

test("a recording is opened from a file, chosen or dropped", async () => {
  const begin = Date.parse("2026-03-01T04:00:00Z");
  const line = (second, id, lng, more = {}) => {
    const at = iso(begin + second * 1000);
    return JSON.stringify({ received_at: at, topic: `lowsky/v1/telemetry/acme/${id}`, payload: JSON.stringify({ uas_id: id, timestamp: at, lat: 22.7, lng, height: 60, ...more }) });
  };
  const alert = { alert_id: "r-1", code: "EMERGENCY", phase: "ACTUAL", severity: "CRITICAL", state: "OPEN", uas_id: "R-1", raised_at: iso(begin + 5000), updated_at: iso(begin + 5000), observed_at: iso(begin + 5000), measured: {}, limit: {}, data: "GOOD", rule: "EMERGENCY", explanation: { "zh-CN": "紧急", en: "emergency" } };
  const told = JSON.stringify({ received_at: iso(begin + 5000), topic: "lowsky/v1/alerts/acme/R-1", payload: JSON.stringify({ seq: 1, event: "RAISED", alert }) });
  const text = [...Array.from({ length: 90 }, (_, s) => line(s, "R-1", 113.7 + s * 0.001)), line(91, "R-2", 113.8, { backfill: true }), told, '{"received_at":"x"}', '{"received_at":"2026-03-01T04:00:00Z","topic":"lowsky/v1/rid/a","payload_base64":"AA=="}'].join("\n");
  const { page, faults, close } = await replay({});
  await page.locator("input[type=file]").setInputFiles({ name: "flight.jsonl", mimeType: "application/json", buffer: Buffer.from(text) });
  await sees(page, "what was read", 20, () => /flight\.jsonl: 1 aircraft, 90 positions, 1 alert events; messages not shown 1, invalid 1/.test(document.querySelector(".replay-files").textContent));
  await page.keyboard.press("ArrowRight");
  const shown = await page.evaluate(pictured);
  assert.equal(shown.t, begin + 10_000);
  assert.deepEqual(shown.rows, [["R-1", 22.7, 113.7 + 10 * 0.001]]);
  assert.deepEqual(shown.alerts, ["r-1 CRITICAL"]);
  await page.keyboard.press("Shift+ArrowRight");
  assert.equal(await page.evaluate(() => window.lowsky.map.painter.scene.t), begin + 70_000);
  await page.getByRole("button", { name: "Close the file" }).click();
  await full(page);
  await page.evaluate((content) => {
    const carried = new DataTransfer();
    carried.items.add(new File([content], "dropped.jsonl"));
    window.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
  }, text);
  await sees(page, "the dropped file", 20, () => /dropped\.jsonl: 1 aircraft/.test(document.querySelector(".replay-files").textContent));
  assert.deepEqual(faults, []);
  await close();
});
