// The live picture: in both languages, with WebGL disabled, and only what the view needs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LANGUAGES, browser, demo, live, open, sees, until } from "./lib.mjs";

let service;
let engine;
before(async () => {
  service = await demo({ aircraft: 200 });
  engine = await browser();
});
after(async () => {
  await engine?.close();
  await service?.stop();
});

/** Whether the canvas shows something else than land or sea where an aircraft is. */
const painted = () => {
  const { map, tracks } = window.lowsky;
  const { center, resolution } = map.place();
  const canvas = document.querySelector("#map canvas");
  const pen = canvas.getContext("2d");
  const { width, height } = canvas.getBoundingClientRect();
  const lit = (i) => {
    const x = Math.round((tracks.x[i] - center[0]) / resolution + width / 2);
    const y = Math.round((center[1] - tracks.y[i]) / resolution + height / 2);
    if (x < 20 || y < 20 || width - 20 < x || height - 20 < y) return false;
    const { data } = pen.getImageData(x - 3, y - 3, 6, 6);
    return data.some((value, at) => at % 4 === 0 && value > 110);
  };
  const known = tracks.rows.flatMap((row, i) => (row ? [i] : []));
  return known.filter(lit).length > known.length / 2;
};

for (const lang of LANGUAGES) {
  test(`the picture stands and nothing is fetched from elsewhere, ${lang}`, async () => {
    const { page, faults, foreign, close } = await open(engine, service.url, { lang });
    await live(page);
    await sees(page, "aircraft", 20, () => window.lowsky.tracks.count > 100);
    await sees(page, "painted aircraft", 20, painted);
    await sees(page, "zones", 20, () => window.lowsky.zones.features.length > 50);
    assert.equal(await page.locator("html").getAttribute("lang"), lang === "zh" ? "zh-CN" : "en");
    const text = await page.locator("body").innerText();
    assert.match(text, lang === "zh" ? /实时/ : /LIVE/);
    assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|\b(head|tag|sys|banner)_\w+/);
    if (lang === "en") assert.doesNotMatch(text.replace("中文", ""), /[一-鿿]/);
    const { wide, high } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - innerWidth,
      high: document.documentElement.scrollHeight - innerHeight,
    }));
    assert.ok(wide <= 0 && high <= 0, `the page is ${wide} × ${high} larger than 1366 × 768`);
    assert.match(await page.locator("#utc").innerText(), /^UTC \d\d:\d\d:\d\d$/);
    assert.deepEqual(foreign, []);
    assert.deepEqual(faults, []);
    await close();
  });
}

test("it works with WebGL disabled", async () => {
  const plain = await browser("--disable-3d-apis");
  const { page, faults, close } = await open(plain, service.url);
  await live(page);
  const webgl = await page.evaluate(() => document.createElement("canvas").getContext("webgl2"));
  assert.equal(webgl, null);
  await sees(page, "painted aircraft", 20, painted);
  assert.deepEqual(faults, []);
  await close();
  await plain.close();
});

test("only what the view needs is subscribed, and a move resumes", async () => {
  const { page, sent, close } = await open(engine, service.url);
  await live(page);
  const subscriptions = () => sent.filter((message) => message.type === "subscribe");
  await until("a first subscription with a box", 10, () => subscriptions().at(-1)?.tracks?.bbox);
  const [west, , east] = subscriptions().at(-1).tracks.bbox;
  assert.ok(east - west < 10, "not the world");
  await sees(page, "all aircraft", 10, () => window.lowsky.tracks.count > 100);
  const before = await page.evaluate(() => window.lowsky.tracks.count);
  await page.evaluate(() => window.lowsky.map.lookAt("113.05,23.06,14"));
  const narrow = await until("a narrower box", 10, () => {
    const last = subscriptions().at(-1);
    return last.tracks.bbox[2] - last.tracks.bbox[0] < 0.2 && last;
  });
  assert.ok(Number.isInteger(narrow.after), "goes on after the last event it has");
  assert.ok(narrow.tracks.max_hz <= 2);
  await sees(page, "fewer aircraft", 10, (all) => window.lowsky.tracks.count < all, before);
  await close();
});

test("a target can be chosen on the map, and labels do not cover each other", async () => {
  const { page, close } = await open(engine, service.url);
  await live(page);
  await sees(page, "aircraft", 20, () => window.lowsky.tracks.count > 100);
  await page.evaluate(() => {
    const { tracks, map } = window.lowsky;
    const i = tracks.rows.findIndex((row) => row?.uas_id.startsWith("FW-"));
    map.fly([tracks.x[i], tracks.y[i]], 15);
  });
  await page.waitForTimeout(1500);
  const place = await page.evaluate(() => {
    const { tracks, map } = window.lowsky;
    const i = tracks.rows.findIndex((row) => row?.uas_id.startsWith("FW-"));
    const { center, resolution } = map.place();
    const box = document.querySelector("#map").getBoundingClientRect();
    return { id: tracks.rows[i].uas_id, x: (tracks.x[i] - center[0]) / resolution + box.x + box.width / 2, y: (center[1] - tracks.y[i]) / resolution + box.y + box.height / 2 };
  });
  await page.mouse.click(place.x, place.y);
  await sees(page, "the card", 10, () => !document.querySelector("#detail").hidden);
  assert.match(await page.locator("#detail h3").innerText(), /^FW-/);
  await close();
});

test("a phone shows the alerts and the map on demand", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en", width: 390, height: 844 });
  await live(page);
  assert.ok(await page.locator("#alerts").isVisible());
  assert.ok(!(await page.locator("#map").isVisible()));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  // Before anything is touched.
  await sees(page, "what to do about the sound", 10, () => /click/.test(document.querySelector("#sound").textContent));
  assert.ok(await page.locator("#sound span").evaluate((one) => one.clientWidth > 0 && one.scrollWidth <= one.clientWidth + 1), "it can be read to its end");
  await page.getByRole("button", { name: "Map" }).click();
  assert.ok(await page.locator("#map").isVisible());
  await sees(page, "aircraft", 20, () => window.lowsky.tracks.count > 0);
  const lit = () => page.locator("#rail > a, #rail > .tabs").evaluateAll((all) => all.filter((one) => !/^(rgba\(0, 0, 0, 0\)|transparent)$/.test(getComputedStyle(one).borderTopColor)).length);
  assert.equal(await lit(), 1, "one tab is the chosen one");
  await page.evaluate(() => (location.hash = "#/zones"));
  await page.getByText("Zones are drawn on a larger screen").waitFor({ timeout: 10_000 });
  await page.evaluate(() => (location.hash = "#/replay"));
  await page.locator("#replay-leave").click({ timeout: 10_000, trial: true });
  await close();
});

test("the state of the service and what it refused have their page", async () => {
  const { page, faults, close } = await open(engine, `${service.url}`, { lang: "en" });
  await live(page);
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.getByRole("heading", { name: "System state" }).waitFor();
  await sees(page, "all parts well", 15, () => document.querySelectorAll(".part.ok").length >= 3);
  // The faulty aircraft of the demonstration sends its first one after twenty seconds.
  await sees(page, "a refusal", 60, () => document.querySelector("[data-reason=MISSING_FIELD] .number")?.textContent > 0);
  assert.deepEqual(faults, []);
  await close();
});
