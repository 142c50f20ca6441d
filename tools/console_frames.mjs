// Measures the console in a real browser that draws in software: time to the first aircraft, time of a frame while the
// map is panned, time of the painter, memory. Against a running service, such as
//
//   cargo run --release -- demo --aircraft 10000 --port 8080
//   node tools/console_frames.mjs http://127.0.0.1:8080/ [--minutes 10] [--zoom 9.6] [--add 10000]
//
// playwright-core must be found from the working folder (the tests have it in target/tmp/browser) and Debian's chromium
// be installed. Frames are measured over ten seconds of steady panning; what else the machine does shows in them, but
// hardly in the processor's time for each frame (all processes of the browser). `--add` puts so many more aircraft into
// the page, as a frame of the stream a second would, for a machine that cannot carry the fleet and the browser. With
// `--minutes` it is measured again every minute, the memory after a collection, so that only what is kept counts; at the
// end stands by how much it grew an hour, from the first ten minutes' end (or half of the time) on. `--rest` pans only
// at the beginning and at the end.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "0" }, zoom: { type: "string", default: "9.6" }, add: { type: "string", default: "0" }, rest: { type: "boolean", default: false } },
});
const from = createRequire(join(process.cwd(), "package.json"));
const { default: playwright } = await import(pathToFileURL(from.resolve("playwright-core")).href);
const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--enable-precise-memory-info"];
const server = await playwright.chromium.launchServer({ executablePath: "/usr/bin/chromium", args });
const browser = await playwright.chromium.connect(server.wsEndpoint());

/** Processor time of a process and all that it started, milliseconds. */
function cpuMs(root) {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const [, rest] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) /);
      const fields = rest.split(" ");
      return [{ pid: Number(pid), parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * 10 }];
    } catch {
      return [];
    }
  });
  const family = new Set([root]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    all.forEach(({ pid, parent }) => family.has(parent) && family.add(pid));
  }
  return all.filter(({ pid }) => family.has(pid)).reduce((sum, { ms }) => sum + ms, 0);
}

const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
const begun = Date.now();
await page.goto(positionals[0] ?? "http://127.0.0.1:8080/");
await page.waitForFunction(() => window.lowsky?.tracks.count > 0 && window.lowsky.map.painter.inView > 0, null, { polling: 20 });
console.log(`first aircraft after ${Date.now() - begun} ms`);
await page.evaluate((zoom) => window.lowsky.map.lookAt(`113.75,22.75,${zoom}`), values.zoom);
await page.evaluate((many) => {
  if (many === 0) return;
  const { tracks } = window.lowsky;
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const fleet = Array.from({ length: many }, (_, n) => ({
    uas_id: `ADDED-${n}`, operator: "added", lat: 22.3 + random() * 0.9, lng: 112.9 + random() * 1.7, track: random() * 360,
    ground_speed: 12, vertical_speed: 0, height_agl: random() * 120, freshness: "LIVE", operational_status: "AIRBORNE",
  }));
  const report = () => {
    const now = new Date().toISOString();
    const angle = (one) => (one.track * Math.PI) / 180;
    for (const one of fleet) {
      one.lat += (12 * Math.cos(angle(one))) / 110_700;
      one.lng += (12 * Math.sin(angle(one))) / 102_000;
      tracks.set({ ...one, timestamp: now }, performance.now());
    }
    window.lowsky.draw(true);
  };
  report();
  setInterval(report, 1000);
}, Number(values.add));
await page.waitForTimeout(5000);

async function measure() {
  const before = cpuMs(server.process().pid);
  const found = await page.evaluate(async () => {
    const { map, tracks, alerts, stream } = window.lowsky;
    const frames = [];
    const paints = [];
    let [before, repaints] = [performance.now(), map.painter.repaints];
    const end = before + 10_000;
    let direction = 4;
    await new Promise((done) => {
      const step = (now) => {
        frames.push(now - before);
        before = now;
        if (map.painter.repaints !== repaints) {
          repaints = map.painter.repaints;
          paints.push(map.painter.costMs);
        }
        if (frames.length % 60 === 0) direction = -direction;
        map.pan(direction, 0);
        if (now < end) requestAnimationFrame(step);
        else done();
      };
      requestAnimationFrame(step);
    });
    const sorted = (list) => [...list].sort((a, b) => a - b);
    const at = (list, part) => sorted(list)[Math.floor(list.length * part)] ?? 0;
    return {
      subscribed: tracks.count,
      inView: map.painter.inView,
      alerts: alerts.open.size,
      medianMs: at(frames, 0.5),
      p95Ms: at(frames, 0.95),
      frames: frames.length,
      perSecond: (frames.length * 1000) / frames.reduce((sum, one) => sum + one, 0),
      paintMs: at(paints, 0.5),
      parseMs: stream.parseMs,
      heapMb: (performance.memory?.usedJSHeapSize ?? 0) / 1e6,
    };
  });
  found.cpuMsPerFrame = (cpuMs(server.process().pid) - before) / found.frames;
  const said = Object.entries(found).map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(1)}`);
  console.log(`${said.join("  ")}  load ${loadavg()[0].toFixed(1)}`);
}

const inspector = await page.context().newCDPSession(page);

/** Memory that is still in use after a collection, and what the page keeps, to find what grows. */
async function kept() {
  await inspector.send("HeapProfiler.collectGarbage");
  const { usedSize } = await inspector.send("Runtime.getHeapUsage");
  const { documents, nodes, jsEventListeners } = await inspector.send("Memory.getDOMCounters");
  return { minute: (Date.now() - begun) / 60_000, heapMb: usedSize / 1e6, documents, nodes, jsEventListeners };
}

await measure();
const memory = [];
const minutes = Number(values.minutes);
for (let minute = 1; minute <= minutes; minute += 1) {
  await page.waitForTimeout(values.rest ? 60_000 : 50_000);
  if (!values.rest || minute === minutes) await measure();
  const now = await kept();
  memory.push(now);
  const said = Object.entries(now).map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(1)}`);
  console.log(`kept: ${said.join("  ")}`);
}
const settled = memory.filter(({ minute }) => Math.min(10, minutes / 2) <= minute);
if (settled.length >= 5) {
  // The line of least squares: single values go up and down with what the sky is like.
  const mean = (name) => settled.reduce((sum, one) => sum + one[name], 0) / settled.length;
  for (const name of ["heapMb", "nodes", "jsEventListeners"]) {
    const [x, y] = [mean("minute"), mean(name)];
    const above = settled.reduce((sum, one) => sum + (one.minute - x) * (one[name] - y), 0);
    const slope = (60 * above) / settled.reduce((sum, one) => sum + (one.minute - x) ** 2, 0);
    console.log(`${name}: mean ${y.toFixed(1)}, growth ${slope.toFixed(2)} an hour over ${settled.length} values`);
  }
}
await browser.close();
await server.close();
