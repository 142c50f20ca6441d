// Bundles the page into the folder named as the first argument, each file also compressed.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { basemap } from "./basemap.mjs";

const out = process.argv[2] ?? "dist";
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
/**
 * Parts that the packages bring along and that this page never reaches, by the end of their file's name: styles from
 * JSON (every style here is made of its classes), drawing along the edges of other shapes, UTM, hit detection on
 * pictures, the map library's default controls and interactions (the page names its own), and inflating for browsers
 * that cannot do it themselves.
 */
const NEVER = {
  "ol/render/canvas/style.js": ["flatStyleLikeToStyleFunction"],
  "ol/interaction/tracing.js": ["getCoordinate", "getTraceTargetUpdate", "getTraceTargets", "interpolateCoordinate"],
  "ol/render/canvas/hitdetect.js": ["HIT_DETECT_RESOLUTION", "createHitDetectionImageData", "hitDetect"],
  "ol/interaction/defaults.js": ["defaults"],
  "ol/control/defaults.js": ["defaults"],
  "fflate/esm/browser.js": ["decompressSync"],
};
/** UTM is asked for each unknown projection: it answers that it is none of its own. */
const UTM = "export const makeProjection = () => null; export const makeTransforms = () => null;";
const withoutNeedless = {
  name: "without-needless",
  setup(bundle) {
    for (const [file, names] of Object.entries(NEVER)) {
      const contents = names.map((name) => `export function ${name}() { throw new Error("${name} is not in this page"); }`).join("\n");
      bundle.onLoad({ filter: new RegExp(`${file.replace(".", "\\.")}$`) }, () => ({ contents }));
    }
    bundle.onLoad({ filter: /ol.proj.utm\.js$/ }, () => ({ contents: UTM }));
  },
};
await build({
  entryPoints: { console: "src/main.ts" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  splitting: true,
  target: ["chrome109", "firefox115", "safari16.4"],
  // Chinese as it is, not as escapes twice as long.
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  plugins: [withoutNeedless],
  // The map library ends the names of its private members so; nobody else's do.
  mangleProps: /[^_]_$/,
});
for (const name of readdirSync("public")) copyFileSync(join("public", name), join(out, name));
writeFileSync(join(out, "basemap.json"), JSON.stringify(basemap()));
for (const name of readdirSync(out)) {
  const bytes = readFileSync(join(out, name));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(join(out, `${name}.br`), brotliCompressSync(bytes, { params }));
}
