// The alerts: list, filter, sound, acknowledging, and keyboard.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LANGUAGES, browser, demo, live, open, patience, sees, until } from "./lib.mjs";

let service;
let engine;
before(async () => {
  service = await demo();
  engine = await browser();
});
after(async () => {
  await engine?.close();
  await service?.stop();
});

const rows = (page) => page.locator("#alerts li");
const row = (page, text) => rows(page).filter({ hasText: text });

test("sound is visibly blocked until a gesture, sounds at a severe alert, and a mute says so", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await sees(page, "blocked", 10, () => document.querySelector("#sound").dataset.state === "blocked");
  await page.locator(".brand").click();
  await sees(page, "on", 10, () => document.querySelector("#sound").dataset.state === "on");
  await sees(page, "it sounded", 60, () => Number(document.querySelector("#sound").dataset.plays) > 0);
  await page.keyboard.press("m");
  await sees(page, "muted", 15, () => /Muted/.test(document.querySelector("#sound").textContent));
  await sees(page, "the reminder that something came", 60, () => document.querySelector("#sound").classList.contains("remind"));
  await page.keyboard.press("m");
  await sees(page, "on again", 15, () => document.querySelector("#sound").dataset.state === "on");
  await close();
});

test("the newest CRITICAL stays on the screen whatever is filtered and whichever page is shown", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await row(page, "Declares an emergency").waitFor({ timeout: patience(60) });
  const bar = page.locator("#critical");
  assert.ok(await bar.isVisible());
  const first = await rows(page).first().getAttribute("class");
  assert.match(first, /rank0/, "the most severe stands first");
  await page.locator(".chip.rank0").click();
  await page.locator("#search").fill("nothing is called so");
  await sees(page, "an empty list that says why", 15, () => /hidden/.test(document.querySelector(".none").textContent));
  assert.ok(await bar.isVisible());
  await page.getByRole("link", { name: "System" }).click();
  assert.ok(await bar.isVisible());
  await page.getByRole("button", { name: /^Critical ·/ }).click();
  await sees(page, "back at the map", 15, () => document.body.dataset.page === "live");
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await row(page, "EMERGENCY").waitFor({ timeout: patience(5) });
  await close();
});

test("a click flies there and shows the geometry and the service's sentence, in both languages", async () => {
  for (const lang of LANGUAGES) {
    const { page, faults, close } = await open(engine, service.url, { lang });
    await live(page);
    const first = rows(page).filter({ hasText: /C2-LOST|EMERGENCY|LOW-BATTERY|HEIGHT-BUST/ }).first();
    await first.locator(".pick").click({ timeout: patience(60) });
    const id = await page.evaluate(() => window.lowsky.aircraft);
    await sees(page, "the map is there", 10, (uas) => {
      const { map, tracks } = window.lowsky;
      const i = tracks.at(uas);
      return map.place().zoom > 13 && i !== undefined && map.sees(tracks.x[i], tracks.y[i]);
    }, id);
    const said = await page.locator(".alert-box p").first().innerText();
    assert.equal(/[一-鿿]/.test(said), lang === "zh", said);
    assert.deepEqual(faults, []);
    await close();
  }
});

test("an acknowledgement with its note is seen by everybody", async () => {
  const [mine, theirs] = [await open(engine, service.url, { lang: "en" }), await open(engine, service.url, { lang: "zh" })];
  await live(mine.page);
  await live(theirs.page);
  await row(mine.page, "SLOW-CLOCK").locator(".pick").click({ timeout: patience(30) });
  await mine.page.locator("#note").fill("called the operator");
  await mine.page.keyboard.press("Enter");
  await sees(mine.page, "it says who and what", 10, () => /by Wang Li .*called the operator/.test(document.querySelector(".acked-by").textContent));
  await row(theirs.page, "SLOW-CLOCK").filter({ hasText: "已确认" }).waitFor({ timeout: patience(10) });
  await row(theirs.page, "SLOW-CLOCK").locator(".pick").click();
  await sees(theirs.page, "the other sees the note", 10, () => /called the operator/.test(document.querySelector(".acked-by").textContent));
  await mine.close();
  await theirs.close();
});

test("what is put aside is folded away on every seat, stays counted, and comes back", async () => {
  const [mine, theirs] = [await open(engine, service.url, { lang: "en" }), await open(engine, service.url, { lang: "zh" })];
  await live(mine.page);
  await live(theirs.page);
  await row(mine.page, "SLOW-CLOCK").locator(".pick").click({ timeout: 60_000 });
  await mine.page.keyboard.press("s");
  await mine.page.locator("#shelve-minutes").selectOption("30");
  await mine.page.locator("#shelve-reason").fill("calibration flight");
  await mine.page.locator("#shelve [type=submit]").click();
  for (const [page, counted, until] of [[mine.page, /1 shelved/, /Shelved until \d\d:\d\d/], [theirs.page, /已搁置 1 条/, /搁置至 \d\d:\d\d/]]) {
    await sees(page, "it is counted", 15, (source) => new RegExp(source).test(document.querySelector("#shelved .fold").textContent), counted.source);
    assert.equal(await row(page, "SLOW-CLOCK").count(), 0, "it is not in the list");
    await page.locator("#shelved .fold").click();
    assert.match(await page.locator("#shelved li").innerText(), until);
  }
  await theirs.page.locator("#shelved li .pick").click();
  await sees(theirs.page, "who and why", 10, () => /Wang Li.*calibration flight/.test(document.querySelector(".alert-box").textContent));
  await theirs.page.locator("#shelve-this").click();
  await row(mine.page, "SLOW-CLOCK").waitFor({ timeout: 15_000 });
  await sees(mine.page, "nothing is put aside", 10, () => document.querySelector("#shelved").hidden);
  // What is critical is never put aside.
  await row(mine.page, "Declares an emergency").locator(".pick").click({ timeout: 60_000 });
  assert.ok(await mine.page.locator("#shelve-this").isHidden());
  await mine.page.keyboard.press("s");
  await sees(mine.page, "it says so", 10, () => /cannot be shelved/.test(document.body.textContent) && !document.querySelector("#shelve"));
  await mine.close();
  await theirs.close();
});

test("who is at the seat is asked once, and stands under what is acknowledged", async () => {
  const { page, close } = await open(engine, service.url, { lang: "zh", author: "" });
  await live(page);
  await sees(page, "alerts", 60, () => [...window.lowsky.alerts.open.values()].filter(({ alert }) => !alert.acknowledged).length > 1);
  assert.match(await page.locator("#author").innerText(), /未署名/);
  const unnoted = () => page.evaluate(() => [...window.lowsky.alerts.open.values()].find(({ alert }) => !alert.acknowledged)?.alert.alert_id);
  const by = (id) => page.evaluate(async (one) => (await (await fetch(`/api/v1/alerts/${one}`)).json()).acknowledged?.by, id);
  const first = await unnoted();
  const done = page.evaluate((one) => window.lowsky.acknowledge(one), first);
  await page.locator("#author-name").fill("韩梅梅");
  await page.keyboard.press("Enter");
  assert.ok(await done);
  assert.equal(await by(first), "韩梅梅");
  await sees(page, "the name in the bar", 10, () => /韩梅梅/.test(document.querySelector("#author").textContent));
  const second = await unnoted();
  assert.ok(await page.evaluate((one) => window.lowsky.acknowledge(one), second), "without a second question");
  assert.equal(await by(second), "韩梅梅");
  await close();
});

test("what is cleared before somebody took note stays until somebody does", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await sees(page, "a cleared alert", 100, () => window.lowsky.alerts.cleared.size > 0);
  await page.locator("#cleared .fold").click();
  const count = await page.evaluate(() => window.lowsky.alerts.cleared.size);
  const id = await page.locator("#cleared li").first().getAttribute("data-id");
  // The list may be sorted anew at any moment.
  const kept = page.locator(`#cleared [data-id="${id}"]`);
  assert.match(await kept.innerText(), /CLEARED/);
  const other = await open(engine, service.url, { lang: "zh", author: "李雷" });
  await live(other.page);
  await sees(other.page, "the other seat shows it too", 20, (one) => window.lowsky.alerts.cleared.has(one), id);
  await kept.locator(".ack").click();
  await sees(page, "it is gone", 10, (one) => !document.querySelector(`#cleared [data-id="${one}"]`), id);
  await sees(other.page, "it is gone at the other seat", 10, (one) => !window.lowsky.alerts.cleared.has(one), id);
  const noted = await page.evaluate(async (one) => (await fetch(`/api/v1/alerts/${one}`)).json(), id);
  assert.deepEqual([noted.state, noted.acknowledged?.by], ["CLEARED", "Wang Li"]);
  // Somebody who is slower finds it done.
  assert.equal(await other.page.evaluate(async (one) => (await window.lowsky.stream.acknowledge(one, "")).status, id), 409);
  await other.close();
  await page.reload();
  await live(page);
  await sees(page, "the others are back after a reload, this one is not", 10, ([one, before]) => {
    const { cleared } = window.lowsky.alerts;
    return before - 1 <= cleared.size && !cleared.has(one);
  }, [id, count]);
  await close();
});

test("everything goes by keyboard", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await sees(page, "alerts", 60, () => window.lowsky.alerts.open.size > 1);
  await page.keyboard.press("j");
  const first = await page.evaluate(() => window.lowsky.alert?.alert_id);
  assert.ok(first);
  await page.keyboard.press("j");
  assert.notEqual(await page.evaluate(() => window.lowsky.alert?.alert_id), first);
  await page.keyboard.press("n");
  const next = await page.evaluate(() => window.lowsky.alert?.alert_id);
  await page.keyboard.press("Enter");
  await sees(page, "flown there", 10, () => window.lowsky.map.place().zoom > 12);
  await page.keyboard.press("a");
  await sees(page, "acknowledged", 10, (id) => {
    const entry = window.lowsky.alerts.find(id);
    return !entry || entry.alert.state === "CLEARED" || entry.alert.acknowledged;
  }, next);
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => window.lowsky.alert), undefined);
  for (const [key, name] of [["l", "labels"], ["t", "trails"], ["h", "byHeight"]]) {
    const before = await page.evaluate((flag) => window.lowsky[flag], name);
    await page.keyboard.press(key);
    assert.equal(await page.evaluate((flag) => window.lowsky[flag], name), !before, name);
  }
  await page.keyboard.press("/");
  await page.keyboard.type("jl");
  assert.equal(await page.locator("#search").inputValue(), "jl", "nothing fires while somebody types");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await sees(page, "the page of the service", 15, () => document.body.dataset.page === "system");
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await sees(page, "the map", 15, () => document.body.dataset.page === "live");
  // The way by Tab alone: the first stop leads to the alerts.
  await page.reload();
  await live(page);
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Skip/);
  await close();
});

test("the order holds still under the pointer", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await sees(page, "alerts", 60, () => document.querySelectorAll("#alerts li").length > 1);
  await rows(page).first().hover();
  const before = await rows(page).evaluateAll((items) => items.map((item) => item.dataset.id));
  // An alert that is acknowledged would move to the end of the list.
  const id = before[0];
  await page.evaluate((one) => window.lowsky.acknowledge(one), id);
  await page.waitForTimeout(1500);
  const now = await rows(page).evaluateAll((items) => items.map((item) => item.dataset.id));
  assert.deepEqual(now, before);
  await page.mouse.move(300, 400);
  await until("sorted again", 10, async () => {
    const order = await rows(page).evaluateAll((items) => items.map((item) => item.dataset.id));
    return order.length < 2 || order[0] !== id;
  });
  await close();
});
