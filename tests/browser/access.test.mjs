// For everybody: what a screen reader finds, the keyboard alone, less motion, and titles that can be read to their end.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { LANGUAGES, browser, demo, holdBlink, live, open, sees } from "./lib.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = ["live", "replay", "zones", "fleet", "system"];

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

const go = async (page, id) => {
  await page.evaluate((to) => (location.hash = `#/${to}`), id);
  await sees(page, id, 10, (to) => document.body.dataset.page === to, id);
};

test("no serious finding of axe, on all pages, in both languages, in both halves of the blink and on a phone", async () => {
  for (const [lang, width, height, pages, halves] of [
    ["zh", 1366, 768, PAGES, [true, false]],
    ["en", 1366, 768, PAGES, [true]],
    ["zh", 390, 844, ["live", "system"], [true]],
  ]) {
    const { page, close } = await open(engine, service.url, { lang, width, height });
    await live(page);
    await sees(page, "an alarm that blinks", 60, () => [...window.lowsky.alerts.open.values()].some(({ alert }) => ["CRITICAL", "WARNING"].includes(alert.severity)));
    // The policy of the page forbids scripts from elsewhere; evaluating one is the tester's right.
    await page.evaluate(AXE);
    for (const at of pages) {
      await go(page, at);
      if (at === "live") await page.keyboard.press("j");
      for (const lit of halves) {
        await holdBlink(page, lit);
        await page.waitForTimeout(700);
        const found = await page.evaluate(() => window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], resultTypes: ["violations"] }));
        const serious = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
        const told = serious.map(({ id, nodes }) => `${lang} ${at} lit ${lit} ${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
        assert.deepEqual(told, []);
      }
    }
    await close();
  }
});

test("fleet, replay and system are toured by keyboard alone", async () => {
  const { page, faults, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Goes on by Tab until the focus is where it should be. */
  const tabTo = async (selector, most = 80) => {
    for (let i = 0; i < most; i += 1) {
      await page.keyboard.press("Tab");
      const [there, shown] = await page.evaluate((wanted) => {
        const at = document.activeElement;
        return [at.matches(wanted), at === document.body || at.matches(":focus-visible")];
      }, selector);
      assert.ok(shown, "the focus is seen wherever it is");
      if (there) return;
    }
    throw new Error(`no ${selector} within ${most} stops`);
  };
  await press("g", "f");
  await sees(page, "the fleet", 10, () => document.querySelectorAll(".fleet-table tbody tr").length > 0);
  await press("j");
  await sees(page, "a row is chosen", 5, () => document.querySelector(".fleet-table tr.selected"));
  await press("Escape");
  await tabTo("#operator");
  await tabTo(".fleet-table .plain-pick");
  await press("Enter");
  await sees(page, "chosen by Enter", 5, () => document.querySelector(".fleet-table tr.selected"));
  await page.locator("[data-tab=check]").focus();
  await press("Enter");
  await page.locator("#message").focus();
  await page.keyboard.type('{"uas_id": 7}');
  await sees(page, "judged", 10, () => document.querySelector(".verdict.bad"));
  await page.locator("#message").blur();
  await press("g", "s");
  await sees(page, "the service", 10, () => document.querySelectorAll(".part.ok").length > 3);
  await tabTo(".page");
  await press("End");
  await sees(page, "it scrolls", 5, () => {
    const { scrollTop, scrollHeight, clientHeight } = document.querySelector(".page");
    return scrollTop > 0 || scrollHeight <= clientHeight;
  });
  await press("g", "r");
  await sees(page, "the past", 15, () => document.body.dataset.page === "replay" && document.querySelector("#replay-strip"));
  const shown = () => page.locator(".replay-pill").innerText();
  await press("Space");
  const before = await shown();
  await press("Shift+ArrowLeft");
  await sees(page, "a minute back", 10, (said) => document.querySelector(".replay-pill").innerText !== said, before);
  await press("Shift+L");
  await sees(page, "back at the live picture", 10, () => document.body.dataset.page === "live");
  assert.deepEqual(faults, []);
  await close();
});

test("who asked for less motion sees alarms lit steadily, and nothing glides", async () => {
  const { page, close } = await open(engine, service.url, { lang: "en", reducedMotion: "reduce" });
  await live(page);
  await sees(page, "an alarm that would blink", 60, () => document.querySelector("#alerts li.rank0:not(.acked), #alerts li.rank1:not(.acked)"));
  const seen = await page.evaluate(async () => {
    const lit = new Set();
    for (let i = 0; i < 12; i += 1) {
      for (const row of document.querySelectorAll("#alerts li.rank0:not(.acked), #alerts li.rank1:not(.acked)")) lit.add(row.classList.contains("lit"));
      await new Promise((go) => setTimeout(go, 125));
    }
    return { lit: [...lit], glides: getComputedStyle(document.querySelector("#beat")).transitionDuration };
  });
  assert.deepEqual(new Set(seen.lit), new Set([true]));
  assert.equal(seen.glides, "0s");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const places = await page.evaluate(async () => {
    const at = [];
    for (let i = 0; i < 4; i += 1) {
      await new Promise(requestAnimationFrame);
      at.push(window.lowsky.map.place().zoom);
    }
    return at;
  });
  assert.equal(new Set(places.slice(1)).size, 1, `the map jumps: ${places}`);
  await close();
});

test("titles are not cut at 1366 × 768, in both languages", async () => {
  for (const lang of LANGUAGES) {
    const { page, close } = await open(engine, service.url, { lang });
    await live(page);
    for (const at of PAGES) {
      await go(page, at);
      await page.waitForTimeout(600);
      const cut = await page.evaluate(() => {
        const titles = [...document.querySelectorAll("h1, h2, button, .chip, th, label > span, #rail a span, .tile span, .sys-tile span, .status")];
        const shown = titles.filter((one) => one.checkVisibility() && one.textContent.trim() && !one.closest("#alerts, #critical, .own-alerts, .spoken, #author, #sound"));
        return shown.filter((one) => one.clientWidth > 0 && one.clientWidth + 1 < one.scrollWidth).map((one) => one.outerHTML.slice(0, 120));
      });
      assert.deepEqual(cut, [], `${lang} ${at}`);
    }
    await close();
  }
});
