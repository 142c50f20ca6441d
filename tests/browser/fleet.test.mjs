// The fleet's page: own aircraft and feeds, only these subscribed, and the checker of messages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { LANGUAGES, browser, demo, live, open, patience, sees, until } from "./lib.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let service;
let engine;
before(async () => {
  service = await demo({ aircraft: 150 });
  engine = await browser();
});
after(async () => {
  await engine?.close();
  await service?.stop();
});

const rows = (page) => page.locator(".fleet-table tbody tr");

for (const lang of LANGUAGES) {
  test(`an operator sees its own aircraft and what its feeds do, ${lang}`, async () => {
    const { page, faults, sent, close } = await open(engine, service.url, { lang });
    await live(page);
    await page.locator("#rail a[href='#/fleet']").click();
    await sees(page, "aircraft of an operator", 20, () => document.querySelectorAll(".fleet-table tbody tr").length > 5);
    const operator = await page.locator("#operator").inputValue();
    const asked = await until("only the fleet is subscribed", 10, () => {
      const last = sent.filter(({ type }) => type === "subscribe").at(-1);
      return last.tracks?.operators?.[0] === operator && last;
    });
    assert.equal(asked.tracks.bbox, undefined);
    await sees(page, "nobody else's aircraft", 15, (name) => {
      const { tracks, alerts } = window.lowsky;
      const known = tracks.rows.filter(Boolean);
      const own = known.filter((row) => row.operator === name);
      const foreign = known.filter((row) => row.operator !== name);
      const partner = ({ uas_id }) => [...alerts.open.values()].some(({ alert }) => alert.other && [alert.uas_id, alert.other.uas_id].includes(uas_id));
      return own.length > 5 && foreign.every(partner);
    }, operator);
    await sees(page, "a rate", 20, () => [...document.querySelectorAll(".fleet-table tbody td:nth-child(7)")].some((cell) => Number(cell.textContent) > 0.2));
    await page.locator("[data-tab=feed]").click();
    await sees(page, "before one is chosen, the feeds of all together", 15, (name) => {
      const card = document.querySelector(".fleet-side [data-tab=feed]") && [...document.querySelectorAll(".fleet-side section")].find((one) => one.querySelector(".bars"));
      return card.querySelector("h2").textContent.endsWith(name) && !card.querySelector(".figures").hidden && /\d\.\d\d \/ \d\.\d\d s/.test(card.textContent);
    }, operator);
    await rows(page).nth(2).locator("button").click();
    await sees(page, "the feed of the chosen one", 10, () => {
      const chosen = document.querySelector(".fleet-table tr.selected")?.dataset.id;
      return chosen && [...document.querySelectorAll(".fleet-side h2")].some((title) => title.textContent.endsWith(chosen));
    });
    // The address follows within a second.
    await sees(page, "the fleet in the address", 10, (name) => location.hash.includes(`op=${name}`), operator);
    const text = await page.locator("body").innerText();
    assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|\b(fleet|feed|check)_\w+/);
    if (lang === "en") assert.doesNotMatch(text.replace("中文", ""), /[一-鿿]/);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
    assert.deepEqual(faults, []);
    await close();
  });
}

test("a pasted message is judged field by field, in its lines, with what would be right", async () => {
  const { page, faults, close } = await open(engine, `${service.url}`, { lang: "en" });
  await live(page);
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await page.locator("[data-tab=check]").click();
  const paper = await page.locator("#message").boundingBox();
  assert.ok(paper.y + 100 < 768, `the checker begins at ${paper.y}: it is there without scrolling`);
  const wrong = (changes) => JSON.stringify({ uas_id: "A-1", timestamp: Date.now(), lat: 22.5, lng: 114.0, height: 80, height_reference: "GROUND", ...changes }, null, 1);
  const paste = (text) => page.locator("#message").fill(text);
  for (const [changes, field, line, suggested] of [
    [{ timestamp: Math.floor(Date.now() / 1000) }, "timestamp", 3, /"timestamp": \d{13}/],
    [{ lat: 114.0, lng: 22.5 }, "lat", 4, /"lat": 22.5, "lng": 114/],
    [{ height: "92.4" }, "height", 6, /"height": 92.4/],
    [{ height_reference: "ground" }, "height_reference", 7, /"GROUND"/],
    [{ track: 361 }, "track", 8, undefined],
    [{ track: 360 }, "track", 8, /"track": 0/],
    [{ ground_speed: 72 }, "ground_speed", 8, /"ground_speed": 20/],
    [{ grond_speed: 7 }, "grond_speed", 8, /"ground_speed"/],
    [{ crs: "GCJ02" }, "crs", 8, /WGS84/],
    [{ battery_pct: 101 }, "battery_pct", 8, undefined],
    [{ backfill: "true" }, "backfill", 8, /"backfill": true/],
    [{ nr: { pci: 5000 } }, "nr.pci", 9, undefined],
  ]) {
    await paste(wrong(changes));
    const finding = page.locator(`.findings li[data-field="${field}"]`);
    await finding.waitFor({ timeout: patience(10) });
    assert.match(await finding.innerText(), new RegExp(`line ${line}\\b`), `${field}: ${await finding.innerText()}`);
    if (suggested) assert.match(await finding.locator("code").innerText(), suggested);
    assert.match(await page.locator(`.gutter span:nth-child(${line})`).getAttribute("class"), /error|warning|ignored/);
  }
  await paste(wrong({}));
  await sees(page, "accepted", 10, () => document.querySelector(".verdict.good")?.textContent === "Accepted");
  assert.match(await page.locator(".checker pre").innerText(), /"uas_id": "A-1"/);
  const known = await page.evaluate(async () => (await (await fetch("/api/v1/tracks/A-1")).json()).status);
  assert.equal(known, 404, "nothing was taken in");
  // The program in a terminal is of the same opinion, and of the same faults in the same lines.
  const topic = "lowsky/v1/telemetry/demo/A-1";
  await page.locator("#topic").fill(topic);
  for (const changes of [{}, { lat: 114.0, lng: 22.5 }, { height: "92.4" }, { track: 360 }, { grond_speed: 7 }, { crs: "GCJ02" }, { uas_id: "B-2" }]) {
    const text = wrong(changes);
    const asked = page.waitForResponse(/check\/telemetry/);
    await paste(text);
    await asked;
    await page.waitForTimeout(300);
    const told = spawnSync(process.env.LOWSKY_BIN, ["check", "--telemetry", "-", "--topic", topic], { input: text, encoding: "utf8" });
    const shown = await page.locator(".findings li[data-field]").evaluateAll((items) => items.map((item) => [item.dataset.field, Number(/line (\d+)/.exec(item.textContent)?.[1])]));
    const printed = [...told.stdout.matchAll(/^-:(\d+):\d+: \w+ ([^:]*): /gm)].map(([, line, field]) => [field, Number(line)]);
    assert.deepEqual(shown.sort(), printed.sort(), JSON.stringify(changes));
    assert.equal((await page.locator(".verdict.bad").count()) === 0, told.status === 0, `${JSON.stringify(changes)}: ${told.stdout}`);
  }
  // The browser itself notes the 404 that was asked for.
  assert.deepEqual(faults.filter((fault) => !/404/.test(fault)), []);
  await close();
});

test("the last message that was refused can be taken over and judged", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  // The faulty aircraft of the demonstration sends its first one after twenty seconds.
  const operator = await until("somebody was refused something", 90, () =>
    page.evaluate(async () => (await (await fetch("/api/v1/fleet")).json()).operators.find(({ refused }) => refused > 0)?.operator),
  );
  await page.evaluate((name) => (location.hash = `#/fleet?op=${name}`), operator);
  await sees(page, "its fleet", 20, (name) => document.querySelector("#operator")?.value === name, operator);
  await page.locator("[data-tab=check]").click();
  const take = page.locator(".check-tools button").first();
  await sees(page, "a refused message to take", 30, () => document.querySelector(".check-tools button")?.disabled === false);
  await take.click();
  await sees(page, "judged", 10, () => document.querySelector(".verdict.bad"));
  assert.match(await page.locator("#topic").inputValue(), new RegExp(`/${operator}/`));
  assert.ok((await page.locator("#message").inputValue()).length > 10);
  await close();
});

test("a seat of one operator is told of its own alerts and aircraft only", async () => {
  const { page, sent, close } = await open(engine, service.url, { lang: "en" });
  await page.goto(`${service.url}?lang=en&operator=demo`);
  await live(page);
  await until("a scope of one operator", 10, () => {
    const last = sent.filter(({ type }) => type === "subscribe").at(-1);
    return last?.alerts?.operators?.[0] === "demo" && last.tracks?.operators?.[0] === "demo" && last.tracks.bbox;
  });
  await sees(page, "own aircraft", 30, () => window.lowsky.tracks.rows.some((row) => row?.operator === "demo"));
  const foreign = await page.evaluate(() => [...window.lowsky.alerts.open.values()].filter(({ alert }) => alert.operator !== "demo" && alert.other?.operator !== "demo").length);
  assert.equal(foreign, 0);
  await close();
});

test("on the page of its fleet nobody else's aircraft and alerts come over the network to a seat", async () => {
  const seat = "demo";
  // Somebody else's alert, which must not come.
  await until("alerts that are over, also of others", 120, async () => {
    const { alerts } = await (await fetch(`${service.url}api/v1/alerts?limit=1000`)).json();
    return alerts.some(({ operator, other }) => ![operator, other?.operator].includes(seat)) && alerts.some(({ state, operator }) => state === "CLEARED" && operator === seat);
  });
  const { page, close } = await open(engine, service.url, { lang: "en" });
  const [frames, asked] = [[], new Set()];
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(JSON.parse(payload))));
  page.on("request", (request) => asked.add(new URL(request.url()).pathname));
  await page.goto(`${service.url}?lang=en&operator=${seat}#/fleet?op=${seat}`);
  await live(page);
  const of = (type) => frames.filter((frame) => frame.type === type);
  await until("alerts and pictures", 60, () => of("alert").length > 2 && of("tracks").length > 10);
  const alerts = [...of("alert").map(({ alert }) => alert), ...of("snapshot").flatMap((snapshot) => snapshot.alerts)];
  const concerns = ({ operator, other }) => [operator, other?.operator].includes(seat);
  assert.deepEqual(alerts.filter((alert) => !concerns(alert)), []);
  const parties = new Set(alerts.flatMap(({ uas_id, other }) => [uas_id, other?.uas_id]));
  const tracks = [...of("tracks").flatMap(({ updated }) => updated), ...of("snapshot").flatMap((snapshot) => snapshot.tracks ?? [])];
  assert.ok(tracks.filter(({ operator }) => operator === seat).length > 50);
  const foreign = tracks.filter(({ operator, uas_id }) => operator !== seat && !parties.has(uas_id));
  assert.deepEqual([...new Set(foreign.map(({ uas_id }) => uas_id))], []);
  // What the interface knows no owner of by contract, the cleared alerts and the names of the operators, is not shown.
  const others = [...asked].filter((path) => /^\/api\/v1\/(tracks$|history|fleet\/(?!demo$))/.test(path));
  assert.deepEqual(others, []);
  const cleared = await page.evaluate(() => [...window.lowsky.alerts.cleared.values()].map(({ alert }) => alert));
  assert.deepEqual(cleared.filter((alert) => !concerns(alert)), []);
  await close();
});
