// The console as a person sees it: eight states with a frozen clock and frozen data, pixel by pixel as they were accepted.
//
// What text looks like depends on the browser and on the fonts of the machine. Those that the pictures were taken with
// stand in `pictures/taken-with.json`; on another machine nothing is judged, and that is said.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { browser, demo } from "./lib.mjs";
import { MOMENT, service as frozen } from "./pictures/world.mjs";

/** Most pixels of a picture that may differ, as a part of all. */
const DIFFERENT_MAX = 0.005;
/** A symbol or a word that changed is small beside that: most pixels that may differ in any square of so many a side. */
const [SQUARE, SQUARE_DIFFERENT_MAX] = [32, 102];
/** From where a colour is another one (1: black against white). */
const COLOUR_DIFFERS = 0.02;
/** The page is opened so long before the moment. */
const BEFORE_MS = 8000;
const STEP_MS = 50;
const SITE = "http://console.test/";
const VIEW = "113.8850,22.5060,12.5";
/** Where the accepted pictures are, and where those of a failure go. */
const KEPT = process.env.LOWSKY_PICTURES ?? join(dirname(fileURLToPath(import.meta.url)), "pictures");
const FAILED = join(process.env.LOWSKY_TMP ?? ".", "pictures");
/** Plain colours and lines that repeat: smaller without the filters that are for photographs. */
const SMALL = { colorType: 2, filterType: 0, deflateLevel: 9, deflateStrategy: 0 };
const BLESS = process.env.LOWSKY_BLESS === "1";
const TAKEN_WITH = join(KEPT, "taken-with.json");

let source;
let engine;
let judged;
before(async () => {
  // It only serves the page's own files.
  source = await demo({ aircraft: 1 });
  engine = await browser();
  judged = await sameMachine();
});
after(async () => {
  await engine?.close();
  await source?.stop();
});

/** What text looks like here: every kind of letter that the console has, in its fonts. */
async function appearance() {
  const page = await engine.newPage({ viewport: { width: 900, height: 220 } });
  const css = await (await fetch(`${source.url}console.css`)).text();
  const font = /font:\s*14px\/1\.4\s*([^;}]+)/.exec(css)?.[1] ?? assert.fail("the page names its fonts");
  await page.setContent(`<p id="text"></p><p id="bold"></p><canvas width="800" height="60"></canvas>`);
  const families = await page.evaluate(async (family) => {
    const sample = "实时回放围栏机队系统，非实时 · Live Replay 0123456789 ⅠⅡⅢⅣ ⇄ ↑↓ ▶ ❚❚ « » − – ° × ⇧";
    for (const [id, weight] of [["text", 400], ["bold", 700]]) Object.assign(document.getElementById(id), { textContent: sample }).style.font = `${weight} 14px/1.4 ${family}`;
    const pen = document.querySelector("canvas").getContext("2d");
    pen.font = `12px ${family}`;
    pen.fillText(sample, 4, 30);
    await document.fonts.ready;
    return family;
  }, font);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("DOM.enable");
  await cdp.send("CSS.enable");
  const { root } = await cdp.send("DOM.getDocument");
  const { nodeId } = await cdp.send("DOM.querySelector", { nodeId: root.nodeId, selector: "#text" });
  const { fonts } = await cdp.send("CSS.getPlatformFontsForNode", { nodeId });
  const look = createHash("sha256").update(PNG.sync.read(await page.screenshot()).data).digest("hex");
  await page.close();
  return { chromium: engine.version(), fonts: fonts.map(({ familyName }) => familyName).sort(), look };
}

/** Whether this machine draws text as the one did on which the pictures were taken. */
async function sameMachine() {
  const here = await appearance();
  if (BLESS) {
    writeFileSync(TAKEN_WITH, `${JSON.stringify(here, undefined, 2)}\n`);
    return true;
  }
  const there = JSON.parse(readFileSync(TAKEN_WITH, "utf8"));
  const differing = Object.keys(there).filter((name) => JSON.stringify(there[name]) !== JSON.stringify(here[name]));
  if (differing.length === 0) return true;
  const told = differing.map((name) => `${name} ${JSON.stringify(here[name])}, not ${JSON.stringify(there[name])}`);
  console.log(`INCONCLUSIVE: the pictures were taken with another browser or other fonts: ${told.join("; ")}`);
  return false;
}

/** The console before the frozen service, with a clock that goes on only when it is told to. */
async function stage({ lang = "zh", width = 1366, height = 768, world = {}, hash = `#/live?at=${VIEW}`, query = "" }) {
  const told = frozen(world);
  const context = await engine.newContext({ viewport: { width, height }, locale: lang === "zh" ? "zh-CN" : "en-GB", timezoneId: "Asia/Shanghai" });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  let [now, open, requests] = [MOMENT - BEFORE_MS, undefined, 0];
  await page.addInitScript(() => {
    localStorage.setItem("lowsky.author", "Wang Li");
    // By which a connection is tried again sooner or later.
    Math.random = () => 0.5;
  });
  // It stands still only from the second call on: that one must not come too late for its time.
  await page.clock.install({ time: now - 3_600_000 });
  await page.clock.pauseAt(now);
  page.on("request", () => (requests += 1));
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, () => (requests -= 1));
  await page.route(`${SITE}**`, async (route) => {
    const [request, url] = [route.request(), new URL(route.request().url())];
    const answer = told.answer(url, request.method(), now);
    if (!answer) return route.fulfill({ response: await route.fetch({ url: source.url + url.pathname.slice(1) }) });
    const [status, body] = answer;
    return route.fulfill({ status, contentType: typeof body === "string" ? "text/plain" : "application/json", body: typeof body === "string" ? body : JSON.stringify(body) });
  });
  let connects = true;
  await page.routeWebSocket(/\/api\/v1\/stream$/, (socket) => {
    if (!connects) return void socket.close();
    const say = (message) => socket.send(JSON.stringify(message));
    open = { say, close: () => socket.close() };
    socket.onMessage((text) => {
      const { type, tracks } = JSON.parse(text);
      if (type === "ping") say({ type: "pong" });
      if (type !== "subscribe") return;
      open.wanted = tracks;
      say(told.heartbeat(now));
      say(told.snapshot(now, tracks));
    });
    say(told.hello(now));
  });
  /** Waits, in real time, until everything that is on its way has arrived. */
  const settled = async () => {
    for (let still = 0; still < 3; ) {
      const waiting = await page.evaluate(() => window.lowsky?.stream.pingAt !== undefined);
      still = requests === 0 && !waiting ? still + 1 : 0;
      if (still === 0) await new Promise((go) => setTimeout(go, 5));
    }
  };
  await page.goto(`${SITE}?lang=${lang}${query}${hash}`);
  await settled();
  const advance = async (ms) => {
    for (const end = now + ms; now < end; ) {
      // What the page asks for meanwhile is answered as of the end of the step, like what it asks for after it.
      now += STEP_MS;
      await page.clock.runFor(STEP_MS);
      if (now % 1000 === 0 && open) {
        open.say(told.tracks(now, open.wanted));
        open.say(told.heartbeat(now));
      }
      await settled();
    }
  };
  return {
    page,
    faults,
    advance,
    /** Goes on to the moment, and so far beyond it that everything is drawn. */
    until: async (at = MOMENT) => advance(at + 2 * STEP_MS - now),
    cut() {
      connects = false;
      open.close();
      open = undefined;
    },
    close: () => context.close(),
  };
}

/** Compares the page with its accepted picture, or accepts it. */
async function compare(name, { page, faults, close }) {
  const bytes = await page.screenshot({ animations: "disabled" });
  assert.deepEqual(faults, []);
  await close();
  const path = join(KEPT, `${name}.png`);
  const now = PNG.sync.read(bytes);
  if (BLESS) {
    writeFileSync(path, PNG.sync.write(now, SMALL));
    return;
  }
  if (!judged) return;
  assert.ok(existsSync(path), `no accepted picture ${path}: LOWSKY_BLESS=1 accepts those that are taken`);
  const then = PNG.sync.read(readFileSync(path));
  const { width, height } = then;
  assert.deepEqual([now.width, now.height], [width, height]);
  const difference = new PNG({ width, height });
  const options = { threshold: COLOUR_DIFFERS, includeAA: true };
  const part = pixelmatch(then.data, now.data, difference.data, width, height, options) / (width * height);
  const local = pixelmatch(then.data, now.data, undefined, width, height, { ...options, windowSize: SQUARE });
  console.log(`${name}: ${(part * 100).toFixed(3)} % of the pixels differ, at most ${local} in a square of ${SQUARE}`);
  if (part <= DIFFERENT_MAX && local <= SQUARE_DIFFERENT_MAX) return;
  mkdirSync(FAILED, { recursive: true });
  const [actual, differing] = ["actual", "difference"].map((kind) => join(FAILED, `${name}.${kind}.png`));
  writeFileSync(actual, bytes);
  writeFileSync(differing, PNG.sync.write(difference));
  assert.fail(`${name} is not as it was: ${(part * 100).toFixed(3)} % of the pixels differ, ${local} in one square of ${SQUARE}\n  accepted   ${path}\n  now        ${actual}\n  difference ${differing}`);
}

test("live, with alerts of every severity and one of them chosen", async () => {
  const shown = await stage({ hash: `#/live?at=${VIEW}&uas=HE-207` });
  await shown.until();
  // Before the alerts are there, an aircraft is chosen without its alert.
  await shown.page.evaluate(() => window.lowsky.choose("HE-207"));
  await shown.advance(100);
  await compare("live", shown);
});

test("the line is cut: frozen, and never taken for the present", async () => {
  const shown = await stage({});
  await shown.advance(4000);
  shown.cut();
  await shown.until();
  await compare("offline", shown);
});

test("nothing flies and nothing is wrong", async () => {
  const shown = await stage({ lang: "en", world: { flies: false, stands: false } });
  await shown.until();
  await compare("empty", shown);
});

test("the past, which is not the present", async () => {
  const shown = await stage({ hash: `#/replay?at=${VIEW}&t=${new Date(MOMENT - 12_000).toISOString()}&alert=px-0001` });
  await shown.until();
  await compare("replay", shown);
});

test("a zone that crosses itself", async () => {
  const shown = await stage({ lang: "en", hash: `#/zones?at=${VIEW}` });
  const { page } = shown;
  await shown.advance(3000);
  await page.keyboard.press("p");
  for (const [x, y] of [[480, 470], [760, 620], [760, 470], [480, 620]]) {
    await page.mouse.move(x, y);
    await page.mouse.click(x, y);
    await shown.advance(500);
  }
  await page.keyboard.press("Enter");
  await shown.advance(500);
  await page.locator("#zone-name_zh").fill("交叉");
  await page.mouse.move(620, 740);
  await shown.until();
  await compare("zones", shown);
});

test("a fleet with its feed, and a message that is refused", async () => {
  const shown = await stage({ hash: "#/fleet?op=delta-logistics" });
  await shown.advance(4000);
  await shown.page.locator("[data-tab=check]").click();
  await shown.advance(500);
  await shown.page.locator(".check-tools button").first().click();
  await shown.until();
  await compare("fleet", shown);
});

test("a service that is not well", async () => {
  const shown = await stage({ lang: "en", world: { ill: true }, hash: "#/system" });
  await shown.until();
  await compare("system", shown);
});

test("the alerts on a telephone", async () => {
  const shown = await stage({ width: 390, height: 844 });
  await shown.until();
  await compare("phone", shown);
});
