// Bundles the page into the folder named as the first argument, each file also compressed.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { basemap } from "./basemap.mjs";

const out = process.argv[2] ?? "dist";
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
/** The map library's styles from JSON, a tenth of the page, are not used here: every style is made of its classes. */
const noFlatStyles = {
  name: "no-flat-styles",
  setup(bundle) {
    bundle.onLoad({ filter: /ol.render.canvas.style\.js$/ }, () => ({
      contents: `export function flatStyleLikeToStyleFunction() { throw new Error("styles from JSON are not in this page"); }`,
    }));
  },
};
await build({
  entryPoints: { console: "src/main.ts" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  splitting: true,
  target: ["chrome109", "firefox115", "safari16"],
  legalComments: "none",
  logLevel: "warning",
  plugins: [noFlatStyles],
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
