// A wall, a flood of alerts, an empty sky, the ruler, and links that lead back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demo, live, open, patience, sees } from "./lib.mjs";

let service;
let engine;
before(async () => {
  service = await demo({ aircraft: 120 });
  engine = await browser();
});
after(async () => {
  await engine?.close();
  await service?.stop();
});

test("a wall shows the picture with nothing to press, at 3840 × 2160", async () => {
  const { page, faults, close } = await open(engine, service.url, { width: 3840, height: 2160 });
  await page.goto(`${service.url}?lang=zh&kiosk`);
  await live(page);
  await sees(page, "aircraft", 20, () => window.lowsky.tracks.count > 50);
  assert.match(await page.locator("#silent").innerText(), /本屏没有声音/, "a wall that makes no sound says so");
  for (const hidden of ["#rail", ".tools", "#sound"]) assert.ok(!(await page.locator(hidden).isVisible()), hidden);
  assert.ok(await page.locator("#map").isVisible());
  assert.ok(await page.locator(".counts").isVisible());
  const size = await page.evaluate(() => Number.parseFloat(getComputedStyle(document.querySelector(".alert .title, .none b")).fontSize));
  assert.ok(size >= 22, `${size} px`);
  const { wide, high } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth - innerWidth, high: document.documentElement.scrollHeight - innerHeight }));
  assert.ok(wide <= 0 && high <= 0, `${wide} × ${high} too large`);
  assert.deepEqual(faults, []);
  await close();
});

test("a flood of alerts is told by zone and operator, and only the gravest sound", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await sees(page, "aircraft", 20, () => window.lowsky.tracks.count > 60);
  const raise = (many, severity) =>
    page.evaluate(
      ([count, rank]) => {
        const now = new Date(window.lowsky.serverNow()).toISOString();
        // Aircraft that the page has: for others it would ask the service, which then tells what really stands.
        const known = window.lowsky.tracks.rows.filter(Boolean).map(({ uas_id }) => uas_id);
        for (let n = 0; n < count; n += 1) {
          const alert = {
            alert_id: `flood-${rank}-${n}`, code: "HEIGHT_LIMIT", phase: "ACTUAL", severity: rank, state: "OPEN", uas_id: known[n], operator: "acme",
            raised_at: now, updated_at: now, observed_at: now, measured: { height_agl_m: 140 }, limit: { height_agl_m: 120 }, data: "GOOD", rule: "x",
            explanation: { "zh-CN": "超高", en: "Too high" },
          };
          window.lowsky.alerts.take(alert, performance.now(), undefined);
        }
        window.lowsky.draw(true);
      },
      [many, severity],
    );
  await raise(12, "CAUTION");
  await sees(page, "the banner", 10, () => /Flood: \d+ alerts/.test(document.querySelector("#flood").textContent));
  const chip = page.locator("#flood .chip", { hasText: "acme" });
  assert.ok(Number(/\d+$/.exec(await chip.innerText())[0]) >= 12);
  assert.ok(await page.evaluate(() => window.lowsky.sound.onlyGravest));
  await chip.click();
  await sees(page, "the group alone", 10, () => [...document.querySelectorAll("#alerts .meta")].every((meta) => meta.textContent.includes("HEIGHT")));
  await page.locator("#flood > button").click();
  await sees(page, "put away", 10, () => document.querySelector("#flood").hidden);
  await raise(40, "WARNING");
  await sees(page, "told again when it grows", 10, () => !document.querySelector("#flood").hidden);
  await close();
});

test("an empty view says so, and who was heard last", async () => {
  const { page, close } = await open(engine, `${service.url}`, { lang: "en" });
  await live(page);
  await sees(page, "aircraft", 20, () => window.lowsky.tracks.count > 0);
  await page.evaluate(() => window.lowsky.map.lookAt("111.5,21.2,14"));
  await page.locator(".nothing").waitFor({ timeout: patience(15) });
  await sees(page, "who was heard", 15, () => /\d+ aircraft, last at/.test(document.querySelector(".nothing").textContent));
  await page.locator(".nothing a").click();
  await sees(page, "the fleet's page", 10, () => document.body.dataset.page === "fleet");
  await close();
});

test("the ruler measures, and the help names every key", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await page.evaluate(() => window.lowsky.map.lookAt("113.75,22.75,12"));
  await page.keyboard.press("r");
  const box = await page.locator(".ruler").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.click(x, y);
  await page.mouse.click(x + 200, y);
  const told = await page.locator(".ruler .plate").innerText();
  const resolution = await page.evaluate(() => window.lowsky.map.place().resolution);
  const metres = 200 * resolution * Math.cos((22.75 * Math.PI) / 180);
  const [, far, unit, angle] = /^([\d.]+) (m|km) · (\d+)°$/.exec(told) ?? assert.fail(told);
  assert.ok(Math.abs(Number(far) * (unit === "km" ? 1000 : 1) - metres) < metres * 0.01, `${told}, not ${metres} m`);
  assert.equal(angle, "090");
  await page.keyboard.press("Escape");
  assert.ok(!(await page.locator(".ruler").isVisible()));
  await page.keyboard.press("?");
  for (const word of ["measure", "follow", "Fleet"]) assert.match(await page.locator("#help").innerText(), new RegExp(word));
  await close();
});

test("a link to an alert opens that alert", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  const row = page.locator("#alerts li").first();
  await row.waitFor({ timeout: patience(60) });
  const id = await row.getAttribute("data-id");
  await row.locator(".pick").click();
  await sees(page, "the address names it", 10, (wanted) => location.hash.includes(encodeURIComponent(wanted)), id);
  const address = page.url();
  await close();
  const other = await open(engine, service.url, { lang: "en" });
  await other.page.goto(address);
  await other.page.reload();
  await live(other.page);
  await sees(other.page, "the same alert chosen", 20, (wanted) => window.lowsky.alert?.alert_id === wanted, id);
  await other.close();
});
