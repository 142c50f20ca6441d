// Alerts as they grow, and a crowded sky: one alert from its prediction to its end, and a slow machine before 2,000 aircraft.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demo, live, open, sees, until } from "./lib.mjs";

let engine;
before(async () => (engine = await browser()));
after(() => engine?.close());

/** The frames of each alert in the order of their coming. */
const histories = (told) => {
  const found = new Map();
  for (const { event, alert } of told) found.set(alert.alert_id, [...(found.get(alert.alert_id) ?? []), { event, ...alert }]);
  return [...found.values()];
};
const whom = (alert) => [alert.code, ...[alert.uas_id, alert.other?.uas_id ?? ""].sort(), alert.zone?.id ?? ""].join();

test("a pair is drawn with its plate; from prediction to the event it stays one alert, also into a zone", async () => {
  const service = await demo();
  const { page, told, faults, close } = await open(engine, service.url, { lang: "en" });
  await live(page);
  await sees(page, "a pair", 90, () => [...window.lowsky.alerts.open.values()].some(({ alert }) => alert.code === "SEPARATION" && alert.severity !== "ADVISORY" && window.lowsky.tracks.at(alert.uas_id) !== undefined));
  // What the canvas is told to write and to stroke, while the pair is looked at.
  const drawn = await page.evaluate(async () => {
    const { alerts } = window.lowsky;
    const pair = [...alerts.open.values()].find(({ alert }) => alert.code === "SEPARATION" && alert.severity !== "ADVISORY" && window.lowsky.tracks.at(alert.uas_id) !== undefined).alert;
    const [texts, dashes] = [new Set(), new Set()];
    const { fillText, setLineDash } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
      texts.add(text);
      return fillText.call(this, text, ...rest);
    };
    CanvasRenderingContext2D.prototype.setLineDash = function (dash) {
      dashes.add(dash.join());
      return setLineDash.call(this, dash);
    };
    window.lowsky.locate(pair);
    await new Promise((go) => setTimeout(go, 3000));
    Object.assign(CanvasRenderingContext2D.prototype, { fillText, setLineDash });
    return { texts: [...texts], dashes: [...dashes] };
  });
  assert.ok(drawn.texts.some((text) => /^\d+ m · ↕(\d+|\?) m( · \d+ s)?$/.test(text)), `a plate: ${drawn.texts}`);
  assert.ok(drawn.dashes.includes("5,4"), "a dashed line between the two");
  const grown = (code) =>
    histories(told).find((frames) => frames[0].code === code && frames[0].event === "RAISED" && frames[0].phase === "PREDICTED" && frames.some(({ phase, state }) => phase === "ACTUAL" && state === "OPEN"));
  for (const code of ["SEPARATION", "ZONE_INCURSION"]) {
    const frames = await until(`${code} from its prediction to the event`, 120, () => grown(code));
    assert.ok(frames.some(({ event }) => event === "ESCALATED") || frames[0].severity === frames.at(-1).severity, "it escalates under its name");
    // Nobody was told of the same a second time while it stood.
    const [first, over] = [Date.parse(frames[0].raised_at), frames.find(({ state }) => state === "CLEARED")];
    const again = told.filter(({ event, alert }) => event === "RAISED" && alert.alert_id !== frames[0].alert_id && whom(alert) === whom(frames[0]) && first <= Date.parse(alert.raised_at) && (!over || Date.parse(alert.raised_at) < Date.parse(over.cleared_at)));
    assert.deepEqual(again, [], code);
  }
  assert.deepEqual(faults, []);
  await close();
  await service.stop();
});

test("with 2,000 aircraft a machine slowed down twentyfold shows fewer pictures and misses no alert", async () => {
  const service = await demo({ aircraft: 2000 });
  const [fast, slow] = [await open(engine, service.url, { lang: "en" }), await open(engine, service.url, { lang: "zh" })];
  for (const { page } of [fast, slow]) {
    await live(page, 60);
    await sees(page, "most of 2,000 aircraft", 80, () => window.lowsky.tracks.count > 800);
    await page.evaluate(() => {
      window.pictures = 0;
      const count = () => {
        window.pictures += 1;
        requestAnimationFrame(count);
      };
      requestAnimationFrame(count);
    });
  }
  const cost = await fast.page.evaluate(() => window.lowsky.map.painter.costMs);
  assert.ok(cost < 200, `a picture takes ${cost} ms`);
  const session = await slow.page.context().newCDPSession(slow.page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 20 });
  const counted = (page) => page.evaluate(() => window.pictures);
  const before = [await counted(fast.page), await counted(slow.page)];
  const from = fast.told.at(-1)?.seq ?? 0;
  await until("alerts meanwhile", 60, () => (fast.told.at(-1)?.seq ?? 0) > from + 5);
  await new Promise((go) => setTimeout(go, 3000));
  const after = [await counted(fast.page), await counted(slow.page)];
  const [many, few] = [after[0] - before[0], after[1] - before[1]];
  assert.ok(few < many, `${few} pictures against ${many}`);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  const last = fast.told.at(-1).seq;
  await sees(slow.page, "the slow one has taken in all of it", 60, (seq) => window.lowsky.stream.lastSeq >= seq, last);
  const seqs = (told) => told.map(({ seq }) => seq).filter((seq) => from < seq && seq <= last);
  assert.deepEqual(seqs(slow.told), seqs(fast.told));
  assert.deepEqual([...fast.faults, ...slow.faults], []);
  await fast.close();
  await slow.close();
  await service.stop();
});
