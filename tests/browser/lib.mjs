// A demonstration as a real process, a real browser before it, and a wire between them that can be made slow or cut.
import { spawn } from "node:child_process";
import { createServer, connect } from "node:net";
import { availableParallelism, loadavg } from "node:os";
import { chromium } from "playwright-core";

export const LANGUAGES = ["zh", "en"];
const BINARY = process.env.LOWSKY_BIN;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long to wait for something, ms: longer while others keep the machine busy. */
export const patience = (seconds) => 1000 * seconds * Math.min(4, Math.max(1, loadavg()[0] / availableParallelism() / 1.5));

/** Asks until there is an answer; fails after `seconds` on a machine that has nothing else to do. */
export async function until(what, seconds, ask) {
  const begun = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (begun + patience(seconds) < Date.now()) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((go) => setTimeout(go, 50));
  }
}

let nextPort = 10_000 + (process.pid % 400) * 20;

/** A port that nobody has, below those that the system gives to outgoing connections: none of these takes it meanwhile. */
export async function freePort() {
  for (;;) {
    const server = createServer();
    const port = nextPort++;
    const free = await new Promise((told) => {
      server.once("error", () => told(false));
      server.listen(port, "127.0.0.1", () => server.close(() => told(true)));
    });
    if (free) return port;
  }
}

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** `lowsky demo`; `port` 0 is a free one. */
export async function demo({ port = 0, aircraft = 120 } = {}) {
  const mqtt = await freePort();
  const flags = ["demo", "--seed", "7", "--port", port, "--mqtt-port", mqtt, "--aircraft", aircraft].map(String);
  const child = spawn(BINARY, flags, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, RUST_LOG: "error" } });
  running.add(child);
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  const url = await until("the demonstration says where it is", 30, () => /http:\/\/[\d.:]+\//.exec(text)?.[0]);
  const ended = new Promise((done) => child.on("exit", done));
  return {
    url,
    port: Number(new URL(url).port),
    signal: (name) => child.kill(name),
    async stop(name = "SIGKILL") {
      // One that is frozen would hear nothing else.
      child.kill("SIGCONT");
      child.kill(name);
      await ended;
      running.delete(child);
    },
  };
}

export function browser(...more) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: [...FLAGS, ...more] });
}

/** A page that shows the console, with what went wrong in it. */
export async function open(engine, url, { lang = "zh", width = 1366, height = 768, author = "Wang Li", reducedMotion = "no-preference" } = {}) {
  const context = await engine.newContext({ viewport: { width, height }, locale: lang === "zh" ? "zh-CN" : "en-GB", reducedMotion });
  const page = await context.newPage();
  // Who has said his name before is not asked for it.
  if (author) await page.addInitScript((name) => localStorage.setItem("lowsky.author", name), author);
  const faults = [];
  const foreign = [];
  const sent = [];
  const told = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && host !== new URL(url).host) foreign.push(request.url());
  });
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => sent.push(JSON.parse(payload)));
    socket.on("framereceived", ({ payload }) => String(payload).startsWith('{"type":"alert"') && told.push(JSON.parse(payload)));
  });
  await page.goto(`${url}?lang=${lang}`);
  return { page, faults, foreign, sent, told, close: () => context.close() };
}

/** Waits until the page says what it should. */
export function sees(page, what, seconds, test, argument) {
  return page.waitForFunction(test, argument, { timeout: patience(seconds), polling: 100 }).catch(async (error) => {
    // The picture's own account, so that a failure elsewhere can be understood from its output.
    const state = () => {
      const { scene } = window.lowsky?.map?.painter ?? {};
      const { page, link } = document.body.dataset;
      return { page, link, t: scene?.t, aircraft: scene?.tracks?.count, chosen: scene?.chosen?.alert_id, status: document.querySelector("[role=status]")?.textContent };
    };
    const seen = await page.evaluate(state).catch((gone) => gone.message);
    throw new Error(`${what}: ${error.message}\nasked ${JSON.stringify(argument)}, at ${page.url()}: ${JSON.stringify(seen)}`);
  });
}

/** Stands still at one half of the blink, `lit` or not, while time goes on. */
export const holdBlink = (page, lit) =>
  page.evaluate((on) => {
    const clock = (window.realNow ??= Date.now.bind(Date));
    Date.now = () => Math.floor(clock() / 1000) * 1000 + (on ? 0 : 500);
  }, lit);

export const live = (page, seconds = 20) => sees(page, "live", seconds, () => document.body.dataset.link === "live");

/** A wire to a port, whose bytes can be held back and which can be cut. */
export async function wire(target) {
  const state = { delayMs: 0, cut: false };
  const sockets = new Set();
  const server = createServer((near) => {
    if (state.cut) return near.destroy();
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(from);
      from.on("data", (data) => setTimeout(() => to.destroyed || to.write(data), state.delayMs));
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on("error", () => from.destroy());
    }
  });
  // A case that fails must not keep the process.
  server.unref();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    delay: (ms) => (state.delayMs = ms),
    cut() {
      state.cut = true;
      sockets.forEach((socket) => socket.destroy());
    },
    mend: () => (state.cut = false),
    close() {
      this.cut();
      server.close();
    },
  };
}
