// Base maps from elsewhere: allowed by the policy, drawn, and shifted back where they are shifted.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { crc32, deflateSync, gzipSync } from "node:zlib";
import { browser, freePort, live, open, patience, sees, until } from "./lib.mjs";

/** Where the picture on the tiles turns from dark to bright, degrees east as the tiles count them. */
const EDGE = 113.9;
const places = [];
const children = [];
let engine;
// Only so that the test itself may read pixels of tiles from another origin.
before(async () => (engine = await browser("--disable-web-security")));
after(async () => {
  await engine?.close();
  for (const child of children) child.kill("SIGKILL");
  places.forEach((place) => rmSync(place, { recursive: true, force: true }));
});

const checksum = crc32 ?? ((bytes) => {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
});

/** A grey PNG of 256 × 256 whose columns are dark west of the edge and bright east of it. */
function picture(z, x) {
  const line = Buffer.alloc(257);
  for (let column = 0; column < 256; column += 1) {
    const lng = ((x + (column + 0.5) / 256) / 2 ** z) * 360 - 180;
    line[column + 1] = lng < EDGE ? 20 : 230;
  }
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(checksum(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.from([0, 0, 1, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0]);
  const pixels = deflateSync(Buffer.concat(Array(256).fill(line)));
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** A PMTiles archive (version 3) of one tile that is the whole world. */
function archive() {
  const tile = picture(0, 0);
  const root = gzipSync(Buffer.from([1, 0, 1, ...varint(tile.length), 1].flat()));
  const meta = gzipSync(Buffer.from("{}"));
  const head = Buffer.alloc(127);
  head.write("PMTiles");
  head[7] = 3;
  const rootAt = 127;
  const metaAt = rootAt + root.length;
  const dataAt = metaAt + meta.length;
  [rootAt, root.length, metaAt, meta.length, dataAt, 0, dataAt, tile.length, 1, 1, 1].forEach((value, at) => {
    head.writeBigUInt64LE(BigInt(value), 8 + at * 8);
  });
  // Clustered, directories in gzip, tiles as they are, PNG, only zoom 0.
  head.set([1, 2, 1, 2, 0, 0], 96);
  return Buffer.concat([head, root, meta, tile]);
}

/** Zoom and column of a request as Tianditu takes it; nothing without its layer, its matrix set and a key. */
function wmts(address) {
  const { pathname, searchParams: said } = new URL(address, "http://localhost");
  const right = pathname === "/vec_w/wmts" && said.get("REQUEST") === "GetTile" && said.get("LAYER") === "vec" && said.get("TILEMATRIXSET") === "w" && said.get("tk") === "key";
  return right ? [address, said.get("TILEMATRIX"), said.get("TILECOL")] : undefined;
}

/** A server of tiles and of an archive, with what it was asked for. */
async function tiles() {
  const asked = [];
  const whole = archive();
  const server = createServer((request, answer) => {
    asked.push(request.url);
    answer.setHeader("access-control-allow-origin", "*");
    answer.setHeader("access-control-allow-headers", "*");
    const [, z, x] = /^\/(\d+)\/(\d+)\/\d+\.png/.exec(request.url) ?? wmts(request.url) ?? [];
    if (z !== undefined) return answer.setHeader("content-type", "image/png").end(picture(Number(z), Number(x)));
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
    if (!request.url.endsWith(".pmtiles") || from === undefined) return answer.writeHead(404).end();
    const part = whole.subarray(Number(from), Number(to) + 1);
    answer.setHeader("content-range", `bytes ${from}-${Number(from) + part.length - 1}/${whole.length}`);
    return answer.writeHead(206).end(part);
  });
  // A case that fails must not keep the process.
  server.unref();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { asked, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A daemon whose page is set up so. */
async function daemon(console_) {
  const place = mkdtempSync(join(tmpdir(), "lowsky-basemap-"));
  places.push(place);
  mkdirSync(join(place, "zones"));
  const [mqtt, http] = [await freePort(), await freePort()];
  const text = `[mqtt]\nembedded = true\nurl = "mqtt://127.0.0.1:${mqtt}"\n[http]\nlisten = "127.0.0.1:${http}"\n[console]\n${console_}\n`;
  writeFileSync(join(place, "lowsky.toml"), text);
  const child = spawn(process.env.LOWSKY_BIN, ["run", "--config", join(place, "lowsky.toml")], { stdio: "ignore" });
  children.push(child);
  const url = `http://127.0.0.1:${http}/`;
  await until("the daemon answers", 30, () => fetch(`${url}healthz`).then((answer) => answer.ok, () => false));
  return url;
}

/** The longitude at which the map on the screen turns bright. */
function edge(page) {
  return page.evaluate(() => {
    const { map } = window.lowsky;
    const { center, resolution } = map.place();
    const row = [...document.querySelectorAll("#map canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, Math.round(canvas.height / 2), canvas.width, 1);
      const bright = [...Array(canvas.width).keys()].filter((x) => data[x * 4] > 150 && data[x * 4 + 3] > 250);
      return bright.length > 40 ? bright[0] : undefined;
    });
    const x = row.find((one) => one !== undefined);
    const { width } = document.querySelector("#map").getBoundingClientRect();
    return x === undefined ? undefined : ((center[0] + (x - width / 2) * resolution) / 6378137) * (180 / Math.PI);
  });
}

const look = (page) => page.evaluate(() => window.lowsky.map.lookAt("113.9,22.55,14"));

test("tiles are drawn where they belong, and a shifted base map is shifted back", async () => {
  const source = await tiles();
  // Here GCJ-02 lies 0.00486 degrees, 500 m, east of WGS 84: shifted tiles must move back west by that.
  const wanted = { WGS84: EDGE, GCJ02: EDGE - 0.00486 };
  for (const datum of ["WGS84", "GCJ02"]) {
    const url = await daemon(`basemap = ["${source.url}/{z}/{x}/{y}.png"]\nbasemap_datum = "${datum}"\nbasemap_attribution = "Test <b>tiles</b>"`);
    const { page, faults, close } = await open(engine, url, { lang: "en" });
    await live(page);
    await look(page);
    // Coarse tiles stand in until the right ones are there.
    await until(`${datum} tiles where they belong`, 40, async () => {
      const at = await edge(page);
      return Math.abs(at - wanted[datum]) < 0.0003 && at;
    });
    assert.match(await page.locator(".attribution").innerText(), /Test <b>tiles<\/b>/, "said, not interpreted");
    if (datum === "GCJ02") await sees(page, "told", 5, () => /GCJ-02/.test(document.querySelector(".map-note").textContent));
    assert.deepEqual(faults, []);
    await close();
  }
  source.close();
});

test("a source in the manner of Tianditu is asked as it wants to be", async () => {
  const source = await tiles();
  const address = `${source.url}/vec_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=key`;
  const url = await daemon(`basemap = ["${address}"]`);
  const { page, faults, close } = await open(engine, url);
  await live(page);
  await look(page);
  await until("tiles where they belong", 40, async () => Math.abs((await edge(page)) - EDGE) < 0.0003);
  assert.deepEqual(faults, []);
  await close();
  source.close();
});

test("a PMTiles archive serves as a base map", async () => {
  const source = await tiles();
  const url = await daemon(`basemap = ["${source.url}/bay.pmtiles"]`);
  const { page, faults, close } = await open(engine, url);
  await live(page);
  await page.evaluate(() => window.lowsky.map.lookAt("113.9,22.55,5"));
  // The picture of another view may still be there.
  await until("the tile where it belongs", 30, async () => Math.abs((await edge(page)) - EDGE) < 1);
  assert.ok(source.asked.some((address) => address.endsWith("bay.pmtiles")));
  assert.deepEqual(faults, []);
  await close();
  source.close();
});

test("tiles that cannot be had are replaced by the built-in coast, and that is said", async () => {
  const url = await daemon(`basemap = ["http://127.0.0.1:${await freePort()}/{z}/{x}/{y}.png"]`);
  const { page, close } = await open(engine, url, { lang: "en" });
  await live(page);
  const began = Date.now();
  await page.locator("[data-id=basemap]").waitFor({ timeout: patience(20) });
  assert.ok(Date.now() - began < patience(2), `${Date.now() - began} ms after the page was live`);
  assert.match(await page.locator("[data-id=basemap]").innerText(), /built-in coast/);
  await close();
});
