// What an operator must not miss: escalations under a held list, aircraft outside of the view, a telephone's alerts,
// figures that are cut, and zones that switch.
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

const CUT = () => {
  const all = [...document.querySelectorAll("#alerts .title, #alerts .meta")];
  return all.filter((one) => one.clientWidth < one.scrollWidth || one.clientHeight + 1 < one.scrollHeight).map((one) => one.textContent);
};

test("rows begin with the seconds, leave out remarks and are not cut", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  const titles = new Set();
  const pairs = new Set();
  await until("a predicted entry and a long pair", 60, async () => {
    const told = await page.evaluate(() => ({
      titles: [...document.querySelectorAll("#alerts .title")].map((one) => one.textContent),
      pairs: [...document.querySelectorAll("#alerts .meta")].map((one) => one.textContent).filter((text) => text.includes("⇄")),
    }));
    told.titles.forEach((title) => titles.add(title));
    told.pairs.forEach((pair) => pairs.add(pair));
    assert.deepEqual(await page.evaluate(CUT), []);
    return [...titles].some((title) => /^In \d+ s: enters /.test(title)) && [...pairs].some((pair) => pair.includes("OVERTAKE"));
  });
  assert.ok([...titles].some((title) => /^In \d+ s: \d+ m, now \d+ m$/.test(title)), [...titles].join("\n"));
  assert.ok(![...titles].some((title) => title.includes("synthetic")), "the remark is for the details");
  await close();
});

test("who is chosen or in alarm is told of outside of the view", async () => {
  const { page, sent, close } = await open(engine, service.url);
  await live(page);
  await sees(page, "aircraft", 20, () => window.lowsky.tracks.count > 100);
  await sees(page, "an alert of a pair", 60, () => [...window.lowsky.alerts.open.values()].some(({ alert }) => alert.other));
  const chosen = await page.evaluate(() => {
    const { tracks } = window.lowsky;
    const row = tracks.rows.find((one) => one?.uas_id.startsWith("FW-"));
    window.lowsky.choose(row.uas_id);
    window.lowsky.map.lookAt("113.05,22.2,14");
    return row.uas_id;
  });
  const last = await until("a subscription of the narrow view", 10, () => {
    const tracks = sent.filter((message) => message.type === "subscribe").at(-1)?.tracks;
    return tracks?.bbox && tracks.bbox[2] - tracks.bbox[0] < 0.2 && tracks;
  });
  assert.ok(last.always.includes(chosen) && last.always.length <= 100);
  await sees(page, "the others are gone", 10, () => window.lowsky.tracks.count < 60);
  const at = await page.evaluate((id) => window.lowsky.tracks.get(id).timestamp, chosen);
  await sees(page, "the chosen is still told of", 10, ([id, before]) => window.lowsky.tracks.get(id)?.timestamp > before, [chosen, at]);
  assert.match(await page.locator("#detail .figures:not(.wide)").innerText(), /\d+ m/);
  await sees(page, "both of every pair are known", 15, () => {
    const pairs = [...window.lowsky.alerts.open.values()].filter(({ alert }) => alert.other);
    return pairs.every(({ alert }) => [alert.uas_id, alert.other.uas_id].every((id) => window.lowsky.tracks.at(id) !== undefined));
  });
  await close();
});

test("a held list counts what escalates and names a CRITICAL", async () => {
  for (const lang of LANGUAGES) {
    const { page, close } = await open(engine, service.url, { lang });
    await live(page);
    await sees(page, "rows", 60, () => document.querySelectorAll("#alerts li").length > 1);
    const put = (id, severity) =>
      page.evaluate(([alert_id, grave]) => {
        const { alerts } = window.lowsky;
        const like = [...alerts.open.values()].find(({ alert }) => !alert.other).alert;
        const now = new Date().toISOString();
        alerts.take({ ...like, alert_id, severity: grave, code: "C2_LOST", uas_id: "MR-0001", acknowledged: undefined, raised_at: now, updated_at: now }, performance.now(), undefined);
        window.lowsky.draw();
      }, [id, severity]);
    await put("HELD-1", "CAUTION");
    await page.locator('#alerts [data-id="HELD-1"]').hover();
    const top = () => page.locator("#alerts").evaluate((list) => list.getBoundingClientRect().top);
    const stood = await top();
    const order = () => page.evaluate(() => [...document.querySelectorAll("#alerts li")].map((one) => one.dataset.id).join());
    const before = await order();
    await put("HELD-1", "CRITICAL");
    await sees(page, "the bar names it in red", 5, () => {
      const bar = document.querySelector(".held");
      return !bar.hidden && bar.classList.contains("grave") && /MR-0001/.test(bar.textContent) && /Critical|紧急/.test(bar.textContent);
    });
    assert.equal(await order(), before, "the order stays");
    assert.equal(await top(), stood, "nothing moves under the hand");
    await page.mouse.move(300, 400);
    await sees(page, "it is first now", 5, () => document.querySelector("#alerts li").dataset.id === "HELD-1" && document.querySelector(".held").hidden);
    await close();
  }
});

test("a telephone shows figures without a map and locates on it", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en", width: 390, height: 844 });
  await live(page);
  const row = page.locator("#alerts li").filter({ hasText: /SLOW-CLOCK/ }).first();
  await row.locator(".pick").click({ timeout: 30_000 });
  await sees(page, "the card with the aircraft's figures", 10, () => /\d+ m/.test(document.querySelector("#detail .figures:not(.wide)")?.innerText ?? ""));
  assert.ok(!(await page.locator("#map").isVisible()));
  await page.locator("#detail").getByRole("button", { name: "Locate" }).click();
  await sees(page, "the map, and the aircraft on it", 10, () => {
    const { map, tracks, aircraft } = window.lowsky;
    const i = tracks.at(aircraft);
    return document.querySelector("#map").clientHeight > 200 && map.place().zoom > 13 && i !== undefined && map.sees(tracks.x[i], tracks.y[i]);
  });
  await close();
});

test("a zone that is about to switch says when by the service's clock, and tells when it did", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  // This computer's clock is an hour ahead.
  await page.addInitScript(() => {
    const real = Date.now.bind(Date);
    Date.now = () => real() + 3_600_000;
  });
  const [first, second] = await page.evaluate(async () => {
    const { features } = await (await fetch("/api/v1/zones")).json();
    return features.filter(({ geometry, lowsky }) => geometry.type === "Polygon" && lowsky.applies).slice(0, 2).map(({ properties }) => properties.identifier);
  });
  const begins = Date.now() + 15_000;
  await page.route("**/api/v1/zones", async (route) => {
    const answer = await route.fetch();
    const zones = await answer.json();
    for (const zone of zones.features) {
      // Schools and the like switch at hours of the day, about which this may run.
      delete zone.lowsky.switches_at;
      if (zone.properties.identifier === first) zone.lowsky = { ...zone.lowsky, applies: begins <= Date.now(), ...(begins <= Date.now() ? {} : { switches_at: new Date(begins).toISOString() }) };
      if (zone.properties.identifier === second) zone.lowsky = { ...zone.lowsky, applies: false, switches_at: new Date(begins + 12 * 60_000).toISOString() };
    }
    await route.fulfill({ response: answer, json: zones });
  });
  await page.reload();
  await live(page);
  await sees(page, "both are about to switch on, from far", 10, () => window.lowsky.map.zones.labels.filter(({ soon, from }) => soon && from < 9).length === 2);
  const lines = await page.evaluate(() => window.lowsky.map.zones.labels.filter(({ soon }) => soon).map(({ lines }) => lines[1]));
  assert.ok(lines.every((line) => /^on in \d+ min/.test(line)) && lines.some((line) => /^on in 1[23] min/.test(line)), lines.join());
  assert.ok(await page.getByText("About to switch on").isVisible(), "the legend has it");
  const utc = (await page.locator("#utc").innerText()).slice(4);
  const away = Math.abs(Date.parse(`1970-01-01T${utc}Z`) - (Date.now() % 86_400_000));
  assert.ok(away < 5000 || 86_395_000 < away, `the page shows ${utc}`);
  await page.evaluate((id) => {
    const [west, south, east, north] = window.lowsky.map.zones.extent(id);
    window.lowsky.map.fly([(west + east) / 2, (south + north) / 2], 11);
  }, first);
  await page.locator('.notice[data-id="switched-true"]').waitFor({ timeout: 30_000 });
  assert.match(await page.locator('.notice[data-id="switched-true"]').innerText(), /in force now/);
  await page.evaluate(() => (location.hash = "#/zones"));
  await page.locator(`#zone-list [data-zone="${second}"]`).getByText(/on in \d+ min/).waitFor({ timeout: 10_000 });
  await close();
});
