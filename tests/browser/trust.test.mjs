// When the page must not be trusted, it says so: a frozen, a killed, a slow and a lost service.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demo, live, open, patience, sees, wire } from "./lib.mjs";

let engine;
before(async () => (engine = await browser()));
after(() => engine?.close());

/** Notes in the page how long after its last heartbeat it stopped calling itself live. */
const observe = (page) =>
  page.evaluate(() => {
    window.lateness = [];
    // A lost connection forgets its last heartbeat.
    let last = window.lowsky.stream.heartbeatAt;
    window.setInterval(() => (last = Math.max(last, window.lowsky.stream.heartbeatAt)), 20);
    new MutationObserver(() => {
      if (document.body.dataset.link !== "live") window.lateness.push(performance.now() - last);
    }).observe(document.body, { attributes: true, attributeFilter: ["data-link"] });
  });

const dead = (page, seconds = 20) => sees(page, "not live", seconds, () => document.body.classList.contains("dead"));

test("a frozen service: not live within 3 s, nothing can be acknowledged, and live again", async () => {
  const service = await demo();
  const { page, faults, close } = await open(engine, service.url, { lang: "zh" });
  await live(page);
  await sees(page, "an alert", 60, () => window.lowsky.alerts.open.size > 0);
  await observe(page);
  const other = await open(engine, service.url, { lang: "en" });
  await other.page.evaluate(() => (location.hash = "#/system"));
  await sees(other.page, "the service is well", 30, () => document.querySelector(".page-head .status.ok"));
  service.signal("SIGSTOP");
  await dead(page);
  const [late] = await page.evaluate(() => window.lateness);
  assert.ok(late < 3000, `${late} ms after the last heartbeat`);
  assert.match(await page.locator("#banner").innerText(), /非实时[\s\S]*不代表当前空情/);
  assert.match(await page.title(), /^非实时/);
  assert.ok(await page.locator(".stamp").isVisible());
  assert.ok(await page.locator("#alerts li .ack").first().isDisabled());
  await sees(other.page, "nobody knows how the service is", 6, () => document.querySelector(".page-head .status").textContent === "Unknown");
  assert.equal(await other.page.locator(".page-head .ok, .part.ok").count(), 0, "no part is called well");
  assert.match(await other.page.locator(".page").evaluate((page) => getComputedStyle(page).filter), /brightness/);
  await other.close();
  const ages = () => page.locator("#alerts li .age").allInnerTexts();
  const before = await ages();
  await page.waitForTimeout(2000);
  assert.deepEqual(await ages(), before, "ages stand still");
  service.signal("SIGCONT");
  await live(page, 30);
  assert.ok(await page.locator("#banner").isHidden());
  assert.deepEqual(faults, []);
  await close();
  await service.stop();
});

test("a killed service: offline at once, and after its restart live without a doubled row", async () => {
  const service = await demo();
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await sees(page, "an alert", 60, () => window.lowsky.alerts.open.size > 0);
  await observe(page);
  await service.stop();
  await dead(page);
  const [late] = await page.evaluate(() => window.lateness);
  assert.ok(late < 3000, `${late} ms after the last heartbeat`);
  await sees(page, "offline", 10, () => document.body.dataset.link === "offline");
  assert.match(await page.locator("#banner").innerText(), /NOT LIVE[\s\S]*frozen at \d\d:\d\d:\d\d/);
  assert.ok(await page.locator("#alerts li .ack").first().isDisabled());
  assert.ok(await page.locator(".none").isHidden(), "an empty sky is never claimed");
  const again = await demo({ port: service.port });
  await live(page, 40);
  await page.locator("[data-id=missed]").waitFor({ timeout: patience(15) });
  const told = await page.locator("[data-id=missed]").innerText();
  assert.match(told, /Live again/);
  await sees(page, "alerts of the new run", 60, () => window.lowsky.alerts.open.size > 0);
  const ids = await page.locator("#alerts li").evaluateAll((items) => items.map((item) => item.dataset.id));
  assert.equal(new Set(ids).size, ids.length);
  await page.locator("[data-id=missed] button").click();
  await page.locator("[data-id=missed]").waitFor({ state: "detached", timeout: patience(5) });
  await close();
  await again.stop();
});

test("a slow network: what comes late is not live", async () => {
  const service = await demo();
  const line = await wire(service.port);
  const { page, close } = await open(engine, line.url, { lang: "en" });
  await live(page);
  line.delay(4000);
  await dead(page);
  // Heartbeats flow again, every second, but old: only an own ping can tell.
  await sees(page, "delayed", 20, () => document.body.dataset.link === "delayed");
  line.delay(0);
  await live(page, 30);
  await close();
  line.close();
  await service.stop();
});

test("after a cut line the page says what it missed, and misses nothing", async () => {
  const service = await demo();
  const line = await wire(service.port);
  const [{ page, told: heard, close }, steady] = [await open(engine, line.url, { lang: "en" }), await open(engine, service.url)];
  await live(page);
  await live(steady.page);
  const from = await page.evaluate(() => window.lowsky.stream.lastSeq);
  line.cut();
  await dead(page);
  // The one with a whole line sees alerts being raised meanwhile.
  await sees(steady.page, "something happens", 90, (seq) => window.lowsky.stream.lastSeq > seq + 8 && window.lowsky.alerts.open.size > 2, from);
  line.mend();
  await live(page, 40);
  await page.locator("[data-id=missed]").waitFor({ timeout: patience(15) });
  const told = await page.locator("[data-id=missed]").innerText();
  const [, raised] = /: (\d+) alerts raised/.exec(told) ?? [];
  assert.ok(Number(raised) > 0, told);
  const open_ = (one) => one.evaluate(() => [...window.lowsky.alerts.open.keys()].sort());
  await sees(page, "caught up", 10, () => window.lowsky.alerts.open.size > 0);
  const [mine, theirs] = [await open_(page), await open_(steady.page)];
  const differ = mine.filter((id) => !theirs.includes(id)).concat(theirs.filter((id) => !mine.includes(id)));
  assert.ok(differ.length <= 1, `${differ}`);
  // Every event since the page was opened came, in order and once, also those that were raised meanwhile.
  const seqs = heard.map(({ seq }) => seq);
  assert.ok(seqs.filter((seq) => seq > from).length > 8, `${seqs}`);
  seqs.forEach((seq, i) => assert.ok(i === 0 || seq === seqs[i - 1] + 1, `${seqs[i - 1]} is followed by ${seq}`));
  await close();
  await steady.close();
  line.close();
  await service.stop();
});
