// The page of the zones: drawing, faults in their places, difference and effect, publishing, versions, second person.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { browser, demo, live, open, patience, sees, until } from "./lib.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** A part of the map where no zone is; and corners of a shape there, in pixels of a window of 1366 x 768. */
const PLACE = "114.3000,22.6500,13.0";
const SQUARE = [[420, 240], [700, 240], [700, 480], [420, 480]];

let service;
let engine;
before(async () => {
  service = await demo({ aircraft: 40 });
  engine = await browser();
});
after(async () => {
  await engine?.close();
  await service?.stop();
});

/** The page of the zones, ready to be used. */
async function editor(lang = "en", at = PLACE) {
  const opened = await open(engine, service.url, { lang });
  await live(opened.page);
  await opened.page.evaluate((place) => {
    location.hash = `#/zones?at=${place}`;
  }, at);
  await sees(opened.page, "the list of zones", 20, () => document.querySelectorAll("#zone-list [data-zone]").length > 1);
  // The map is asked for pixels below: it must stand still.
  await sees(opened.page, "the map is there", 10, (place) => {
    const [lng, lat] = place.split(",").map(Number);
    const [x, y] = window.lowsky.map.said().split(",").map(Number);
    return Math.abs(lng - x) < 1e-3 && Math.abs(lat - y) < 1e-3;
  }, at);
  return opened;
}

async function draw(page, key, corners) {
  await page.keyboard.press(key);
  await sees(page, "the tool", 5, () => document.querySelector('.zone-tools [aria-pressed="true"]'));
  for (const [x, y] of corners) {
    await page.mouse.move(x, y, { steps: 3 });
    await page.mouse.click(x, y);
  }
  if (key === "p" || key === "w") await page.keyboard.press("Enter");
  await sees(page, "the drawn shape in the form", 10, () => document.querySelector("#zone-name_zh") && document.body.dataset.unsaved === "true");
  return page.evaluate(() => document.querySelector("#zone-list .selected").dataset.zone);
}

const publishable = (page) => sees(page, "it can be published", 30, () => !document.querySelector("#zone-publish").disabled);

async function sign(page, author, reason) {
  await page.locator("#zone-sign-author").fill(author);
  await page.locator("#zone-sign-reason").fill(reason);
  await page.locator("#zone-sign [type=submit]").click();
}

/** Opens the dialog of publication. News of the zones may come between a look at the button and the click on it. */
async function toSign(page) {
  await until("the dialog of publication", 30, async () => {
    await publishable(page);
    await page.locator("#zone-publish").click();
    return page.locator("#zone-sign-author").waitFor({ timeout: patience(2) }).then(() => true, () => false);
  });
}

async function publish(page, author = "Wang Li", reason = "browser test") {
  await toSign(page);
  await sign(page, author, reason);
  await sees(page, "it is with the service", 20, () => !document.querySelector("dialog[open]") && document.body.dataset.unsaved === "false");
}

const zone = async (id) => {
  const answer = await fetch(`${service.url}api/v1/zones/${id}`);
  return answer.ok ? answer.json() : undefined;
};

/** Somebody else changes a zone over the interface. */
async function byOther(id, change) {
  const answer = await fetch(`${service.url}api/v1/zones/${id}`);
  const { lowsky: _told, ...feature } = await answer.json();
  change(feature);
  const headers = { "content-type": "application/json", "if-match": answer.headers.get("etag"), "lowsky-author": "Zhao", "lowsky-reason": "meanwhile" };
  const put = await fetch(`${service.url}api/v1/zones/${id}`, { method: "PUT", headers, body: JSON.stringify(feature) });
  assert.equal(put.status, 200, await put.text());
}

test("a polygon is drawn by mouse; a crossing is marked where it is, and nothing can be published before it is gone", async () => {
  const { page, faults, close } = await editor();
  const [a, b, c, d] = SQUARE;
  const id = await draw(page, "p", [a, c, b, d]);
  const mark = page.locator(".fault-mark i");
  await mark.waitFor({ timeout: patience(10) });
  const box = await mark.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  assert.ok(Math.hypot(x - 560, y - 360) < 4, `marked at ${x} ${y}`);
  assert.match(await page.locator(".fault-mark").innerText(), /Edge 1 crosses edge 3/);
  await page.locator("#zone-name_zh").fill("交叉");
  assert.equal(await page.locator("#zone-publish").isDisabled(), true);
  const bar = () => page.locator("#zone-bar").innerText();
  assert.match(await bar(), /\+1 added[\s\S]*~0 changed[\s\S]*−0 removed/);
  assert.deepEqual(await page.locator(".zone-many").allInnerTexts(), ["–", "–"], "what is wrong is not said to alert nobody");
  assert.match(await bar(), /cannot be judged until corrected/);
  assert.equal(await page.locator(".zone-points tr.bad").count(), 2);
  assert.match(await page.locator(`[data-zone="${id}"]`).innerText(), /errors: \d/);
  // The second corner goes where the third is and the third to its place: by hand, then in figures.
  await page.mouse.move(c[0], c[1]);
  await page.mouse.down();
  await page.mouse.move(600, 300, { steps: 6 });
  await page.mouse.move(b[0], b[1] - 40, { steps: 6 });
  assert.equal(await zone(id), undefined, "a drag publishes nothing");
  await page.mouse.up();
  await sees(page, "the moved point is the chosen one", 5, () => document.querySelector(".zone-points tr.chosen th")?.textContent === "2");
  const row = page.locator(".zone-points tbody tr").nth(2).locator("input");
  const [lat, lng] = await page.evaluate(([px, py]) => {
    const box = document.querySelector("#map").getBoundingClientRect();
    const { center, resolution } = window.lowsky.map.place();
    const mx = center[0] + (px - box.left - box.width / 2) * resolution;
    const my = center[1] - (py - box.top - box.height / 2) * resolution;
    return [(Math.atan(Math.exp(my / 6378137)) * 360) / Math.PI - 90, (mx / 6378137) * (180 / Math.PI)];
  }, c);
  await row.nth(0).fill(lat.toFixed(6));
  await row.nth(1).fill(lng.toFixed(6));
  await sees(page, "no mark", 10, () => !document.querySelector(".fault-mark"));
  await publishable(page);
  // There and back again.
  await page.locator("#zone-name_zh").blur();
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await sees(page, "crossed again", 10, () => document.querySelector(".fault-mark"));
  for (let i = 0; i < 3; i += 1) await page.keyboard.press("Control+y");
  await sees(page, "mended again", 10, () => !document.querySelector(".fault-mark"));
  assert.deepEqual(faults, []);
  await close();
});

test("difference and alerted aircraft are the service's; what is published is on every page without a reload, and they are alerted", async () => {
  const first = await editor();
  const other = await open(engine, service.url, { lang: "zh" });
  await live(other.page);
  const place = await until("an aircraft in flight", 30, () =>
    first.page.evaluate(async () => {
      const { tracks } = await (await fetch("/api/v1/tracks")).json();
      const flying = tracks.find(({ uas_id, ground_speed, height_agl }) => /^MR-/.test(uas_id) && ground_speed > 1 && height_agl > 20 && height_agl < 110);
      return flying && `${flying.lng.toFixed(4)},${flying.lat.toFixed(4)},12.0`;
    }),
  );
  await first.close();
  const { page, faults, close } = await editor("en", place);
  let told;
  page.on("response", async (answer) => {
    if (answer.url().endsWith("/zones/check") && answer.ok()) told = await answer.json().catch(() => told);
  });
  const id = await draw(page, "r", [[320, 150], [880, 600]]);
  await page.locator("#zone-name_zh").fill("活动管制");
  await page.locator("#zone-name_en").fill("Event");
  await page.locator("#zone-upper").fill("300");
  await publishable(page);
  await until("the page says what the service says", 20, async () => {
    const names = await page.locator(".zone-names button").allInnerTexts();
    const now = [...new Set((told?.alerted_now ?? []).map(({ uas_id }) => uas_id))];
    return now.length > 0 && JSON.stringify(names.sort()) === JSON.stringify(now.sort()) && (await page.locator("#alerted-now").innerText()) === String(now.length);
  });
  assert.deepEqual(told.difference.added, [id]);
  assert.match(await page.locator(".zone-counts").innerText(), /\+1 added\s*~0 changed\s*−0 removed/);
  const names = await page.locator(".zone-names button").allInnerTexts();
  await publish(page);
  await sees(other.page, "the other page has the zone", 20, (one) => window.lowsky.zones.byId(one), id);
  await sees(other.page, "one of them is alerted for it", 30, ([one, ids]) => [...window.lowsky.alerts.open.values()].some(({ alert }) => alert.zone?.id === one && ids.includes(alert.uas_id)), [id, names]);
  const versions = await (await fetch(`${service.url}api/v1/zones/${id}/versions`)).json();
  assert.deepEqual([versions.versions[0].author, versions.versions[0].reason], ["Wang Li", "browser test"]);
  assert.deepEqual(faults, []);
  await other.close();
  await close();
});

test("who was slower sees both changes and puts his own on the live version; a rollback brings the old one back", async () => {
  const { page, close } = await editor();
  const id = await draw(page, "c", [[560, 360], [640, 360]]);
  await page.locator("#zone-name_zh").fill("圆");
  await publish(page);
  const old = await zone(id);
  await page.locator(`[data-zone="${id}"] .pick`).click();
  await page.locator("#zone-upper").fill("150");
  await publishable(page);
  assert.match(await page.locator(".zone-changes").innerText(), /120 → 150 m/);
  await page.locator("#zone-publish").click();
  await byOther(id, (feature) => (feature.properties.name = [{ text: "别名", lang: "zh-CN" }]));
  await sign(page, "Wang Li", "higher");
  const conflict = page.locator("#zone-conflict");
  await conflict.waitFor({ timeout: patience(15) });
  assert.match(await conflict.innerText(), /圆 → 别名/);
  assert.match(await conflict.innerText(), /120 → 150 m/);
  await conflict.locator("[type=submit]").click();
  await publish(page);
  const merged = await zone(id);
  assert.deepEqual([merged.properties.name[0].text, merged.geometry.layer.upper], ["别名", 150]);

  await page.locator(`[data-zone="${id}"] .pick`).click();
  await page.locator('[data-tab="history"]').click();
  await page.locator("#zone-list .version").nth(2).waitFor({ timeout: patience(15) });
  await page.locator("#zone-list .version").nth(2).locator(".back").click();
  await sees(page, "the difference of the way back", 20, () => /150 → 120 m/.test(document.querySelector(".zone-changes").textContent));
  await toSign(page);
  await sign(page, "Wang Li", "back");
  await until("the old version is live again", 20, async () => {
    const { properties, geometry } = (await zone(id)) ?? {};
    return JSON.stringify([properties, geometry]) === JSON.stringify([old.properties, old.geometry]);
  });
  await close();
});

test("what takes protection away waits for a second person", async () => {
  const { page, close } = await editor();
  const id = await draw(page, "c", [[560, 360], [700, 360]]);
  await page.locator("#zone-name_zh").fill("将缩小");
  await publish(page);
  const { radius } = (await zone(id)).geometry.extent;
  await page.locator(`[data-zone="${id}"] .pick`).click();
  await page.locator("#zone-size").fill("200");
  await publishable(page);
  await sees(page, "it says so before it is published", 10, () => /second person/.test(document.querySelector("#zone-bar").textContent));
  await publish(page, "Wang Li", "no longer needed");
  const still = async () => (await zone(id)).geometry.extent.radius === radius;
  assert.ok(await still(), "the old one is still in force");
  const draft = page.locator("[data-draft] .pick").first();
  await draft.waitFor({ timeout: patience(15) });
  assert.match(await draft.innerText(), /no longer needed[^]*second person/);
  await draft.click();
  await toSign(page);
  await sign(page, "Wang Li", "mine is good");
  await sees(page, "the same person may not", 15, () => /somebody else/.test(document.querySelector("#zone-sign [role=alert]").textContent));
  assert.ok(await still(), "the old one is still in force");
  await sign(page, "Chen Hui", "agreed");
  await until("the smaller one is in force", 20, async () => (await zone(id)).geometry.extent.radius === 200);
  await close();
});

test("a zone is drawn, named and published by keyboard alone", async () => {
  const { page, close } = await editor("zh");
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("w", "Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown", "Space", "Enter");
  await sees(page, "a corridor", 10, () => document.activeElement?.id === "zone-name_zh");
  await page.keyboard.type("走廊一");
  const id = await page.evaluate(() => document.querySelector("#zone-list .selected").dataset.zone);
  await publishable(page);
  await page.locator("#zone-publish").focus();
  await press("Enter");
  await page.locator("#zone-sign-author").waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.locator("#zone-sign-author").focus();
  await page.keyboard.type("王丽");
  await press("Tab");
  await page.keyboard.type("键盘");
  await press("Enter");
  const made = await until("it is live", 20, () => zone(id));
  assert.equal(made.geometry.type, "LineString");
  assert.equal(made.geometry.coordinates.length, 3);
  await close();
});

test("an import says where a file is wrong, and moves web-map coordinates to where they belong", async () => {
  const { page, close } = await editor();
  await page.keyboard.press("i");
  const text = page.locator("#import-text");
  const ring = [[114.3, 22.65], [114.31, 22.65], [114.31, 22.66], [114.3, 22.65]];
  const properties = { identifier: "IMP01", country: "CHN", name: [{ text: "导入", lang: "zh-CN" }], type: "PROHIBITED", variant: "COMMON", zoneAuthority: [{ purpose: "INFORMATION" }] };
  const layer = { lower: 0, lowerReference: "AGL", upper: 120, upperReference: "AGL", uom: "m" };
  const file = { type: "FeatureCollection", features: [{ type: "Feature", properties: { ...properties, type: "FORBIDDEN" }, geometry: { type: "Polygon", coordinates: [ring], layer } }] };
  await text.fill(JSON.stringify(file, null, 1));
  await page.locator("#zone-import [type=submit]").click();
  await page.locator(".zone-problems li.fault").first().waitFor({ timeout: patience(15) });
  assert.match(await page.locator(".zone-problems").innerText(), /line \d+, column \d+: .*FORBIDDEN/);
  file.features[0].properties.type = "PROHIBITED";
  await text.fill(JSON.stringify(file));
  await page.locator("#import-datum").selectOption("GCJ02");
  await page.locator("#zone-import [type=submit]").click();
  await sees(page, "the imported zone", 15, () => document.querySelector('#zone-list .selected[data-zone="IMP01"]'));
  const lat = Number(await page.locator(".zone-points tbody input").first().inputValue());
  const lng = Number(await page.locator(".zone-points tbody input").nth(1).inputValue());
  const metres = Math.hypot((lng - 114.3) * 102_000, (lat - 22.65) * 110_700);
  assert.ok(300 < metres && metres < 800, `${metres} m`);
  // Coordinates alone: the datum must be said.
  await page.locator("#zone-name_zh").blur();
  await page.keyboard.press("i");
  await text.fill("22.65, 114.3\n22.65, 114.31\n22.66, 114.31");
  await page.locator("#zone-import [type=submit]").click();
  await sees(page, "it asks for the datum", 5, () => /datum/.test(document.querySelector("#zone-import [role=alert]").textContent));
  await page.locator("#import-datum").selectOption("WGS84");
  await page.locator("#zone-import [type=submit]").click();
  await sees(page, "three points", 10, () => document.querySelectorAll(".zone-points tbody tr").length === 3);
  await close();
});

test("KML is taken with its names and holes; what looks shifted is asked about once", async () => {
  const { page, faults, close } = await editor("zh");
  await page.keyboard.press("i");
  assert.match(await page.locator("#zone-import").innerText(), /选择文件/, "the page's own words, not the browser's");
  const ring = (west, south, d) => [[west, south], [west + d, south], [west + d, south + d], [west, south + d], [west, south]].map((point) => point.join(",")).join(" ");
  const kml = `<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>水库</name><Polygon><outerBoundaryIs><LinearRing><coordinates>${ring(114.3, 22.64, 0.02)}</coordinates></LinearRing></outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>${ring(114.305, 22.645, 0.005)}</coordinates></LinearRing></innerBoundaryIs></Polygon></Placemark></Document></kml>`;
  await page.locator("#import-file").setInputFiles({ name: "water.kml", mimeType: "application/vnd.google-earth.kml+xml", buffer: Buffer.from(kml) });
  await sees(page, "its name and its text", 10, () => /water\.kml/.test(document.querySelector(".file-pick").textContent) && document.querySelector("#import-text").value.includes("<kml"));
  await page.locator("#zone-import [type=submit]").click();
  await sees(page, "the imported zone", 15, () => document.querySelector("#zone-name_zh")?.value === "水库");
  assert.match(await page.locator(".zone-figures").innerText(), /内孔（保留）\s*1/);
  await page.locator("#zone-name_zh").blur();
  // A live zone as a web map would show it.
  const { points, id } = await page.evaluate(() => {
    const zone = window.lowsky.zones.features.find(({ geometry }) => geometry.type === "Polygon" && geometry.coordinates.length === 1);
    return { id: zone.properties.identifier, points: zone.geometry.coordinates[0] };
  });
  const shifted = points.slice(0, -1).map(([lng, lat]) => `${lng + 0.00486},${lat - 0.0027}`);
  await page.keyboard.press("i");
  await page.locator("#import-text").fill(`lng,lat\n${shifted.join("\n")}`);
  await page.locator("#import-datum").selectOption("WGS84");
  await page.locator("#zone-import [type=submit]").click();
  await sees(page, "it doubts the datum", 10, (name) => document.querySelector("#zone-import [role=alert]").textContent.includes(name) && /GCJ-02/.test(document.querySelector("#zone-import [role=alert]").textContent), id);
  await page.locator("#zone-import [type=submit]").click();
  await sees(page, "it is taken at the second press", 10, () => !document.querySelector("#zone-import"));
  assert.deepEqual(faults, []);
  await close();
});

test("times are written as 2026-11-22 14:02 in both languages, and exempt operators are a list", async () => {
  const { page, close } = await editor("zh");
  const id = await draw(page, "p", SQUARE);
  await page.locator("#zone-name_zh").fill("时段");
  // What was never published has no history, and says so in the page's words.
  await page.locator('[data-tab="history"]').click();
  const none = page.locator("#zone-list .note").last();
  await sees(page, "its history", 10, () => document.querySelectorAll("#zone-list .note").length === 2);
  assert.doesNotMatch((await none.innerText()).replace(id, ""), /[a-z]{3}/i);
  const until = page.locator("#zone-until");
  assert.equal(await until.getAttribute("placeholder"), "2026-11-22 14:02");
  await publishable(page);
  await until.fill("11/22/2026 2:02 PM");
  await until.press("Tab");
  await sees(page, "it says how to write it", 5, () => /2026-11-22 14:02/.test(document.querySelector("#zone-until-fault").textContent) && document.querySelector("#zone-until").getAttribute("aria-invalid") === "true");
  assert.ok(await page.locator("#zone-publish").isDisabled(), "nothing else than what stands there is published");
  await until.fill("2031-01-02 14:02");
  await until.press("Tab");
  await page.locator("summary").click();
  await page.locator("#zone-exempt_operators").fill("fire-brigade, police");
  await publishable(page);
  await publish(page);
  await sees(page, "it is live", 20, (one) => window.lowsky.zones.byId(one), id);
  const made = await zone(id);
  assert.deepEqual(made.properties.extendedProperties.exempt, { operators: ["fire-brigade", "police"] });
  assert.equal(Date.parse(made.properties.limitedApplicability[0].endDateTime), Date.parse("2031-01-02T14:02:00+08:00"));
  await close();
});

test("an emergency zone is in force at once, from a form of one page", async () => {
  const { page, close } = await editor();
  await page.keyboard.press("e");
  // The form stands beside what it shows, and the map can be moved meanwhile.
  const [form, cross] = [await page.locator("#zone-emergency").boundingBox(), await page.locator("#map").boundingBox()];
  assert.ok(form.x > cross.x + cross.width / 2 + 60, `the form begins at ${form.x}`);
  const before = await page.locator("#emergency-lng").inputValue();
  await page.evaluate(() => window.lowsky.map.pan(200, 0));
  await page.waitForTimeout(600);
  await page.locator("#emergency-middle").click();
  assert.notEqual(await page.locator("#emergency-lng").inputValue(), before);
  assert.match(await page.locator("#emergency-until").inputValue(), /^\d{4}-\d\d-\d\d \d\d:\d\d$/);
  await page.locator("#emergency-name").fill("山火");
  await page.locator("#emergency-radius").fill("800");
  await page.locator("#zone-emergency-author").fill("Wang Li");
  await page.locator("#zone-emergency-reason").fill("fire on the ridge");
  await page.locator("#zone-emergency [type=submit]").click();
  const id = await sees(page, "it says that it is in force", 15, () => /Emergency zone (\S+) is in force/.exec(document.querySelector("#notices").textContent)?.[1]).then((found) => found.jsonValue());
  const made = await zone(id);
  assert.deepEqual([made.geometry.extent.radius, made.lowsky.applies], [800, true]);
  await sees(page, "it is in the list and chosen", 15, (one) => document.querySelector(`#zone-list .selected[data-zone="${one}"]`), id);
  await close();
});

test("what is not published survives another page, and leaving asks", async () => {
  const { page, close } = await editor();
  const id = await draw(page, "r", [SQUARE[0], SQUARE[2]]);
  await page.locator("#zone-name_zh").fill("未发布");
  await page.locator("#zone-name_zh").blur();
  await page.getByRole("link", { name: "Live" }).click();
  await sees(page, "it says that something is kept", 10, () => document.querySelector('.notice[data-id="zones-kept"]'));
  await page.getByRole("link", { name: "Zones" }).click();
  await sees(page, "it is still there", 10, (one) => document.querySelector(`#zone-list [data-zone="${one}"]`), id);
  const asked = page.waitForEvent("dialog", { timeout: patience(10) });
  const again = page.reload();
  const dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await dialog.accept();
  await again;
  await close();
});

test("no serious finding of axe and nothing beyond the screen, with a form and its dialogs open, in both languages", async () => {
  for (const [lang, key, tab] of [["zh", "i", "history"], ["en", "e", "drafts"]]) {
    const { page, close } = await editor(lang);
    const look = async (state) => {
      await page.evaluate(AXE);
      const found = await page.evaluate(() => window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
      const serious = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      assert.deepEqual(serious.map(({ id, nodes }) => `${lang} ${state} ${id}: ${nodes.map(({ html }) => html).join(" | ")}`), []);
      const wide = await page.evaluate(() => [document.documentElement, document.querySelector("#zone-list"), document.querySelector(".zone-form")].filter((one) => one.clientWidth < one.scrollWidth).length);
      assert.equal(wide, 0, `${lang} ${state}: wider than its place`);
    };
    await draw(page, "p", [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]);
    await look("faulty");
    await page.locator("#zone-name_zh").blur();
    await page.keyboard.press(key);
    await page.locator("dialog[open]").waitFor();
    await look(`dialog ${key}`);
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    await page.locator(`[data-tab="${tab}"]`).click();
    await sees(page, "the tab", 10, (one) => document.querySelector(`[data-tab="${one}"][aria-selected="true"]`), tab);
    await look(tab);
    await close();
  }
});
