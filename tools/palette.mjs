/**
 * Write the colours of the pictures that Python draws, taken from those of the views (`src/core/look/colors.ts`): `node
 * tools/palette.mjs` writes `python/headscope/export/snapshot/palette.bin`, and `--check` tells whether it is up to
 * date. Inflated, the file has three bytes per colour: 256 of the heat map on a light background, then the colour of
 * each head, for each number of heads from 1 to `MAX_HEADS`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deflateSync, inflateSync } from "node:zlib";
import { build } from "esbuild";

const TARGET = new URL("../python/headscope/export/snapshot/palette.bin", import.meta.url);
const COLORS = fileURLToPath(new URL("../src/core/look/colors.ts", import.meta.url));

/** At least as many heads as any model in wide use. */
const MAX_HEADS = 128;

const { outputFiles } = await build({ entryPoints: [COLORS], bundle: true, format: "esm", write: false });
const source = Buffer.from(outputFiles[0].contents).toString("base64");
const { headColor, heatTable } = await import(`data:text/javascript;base64,${source}`);

const colors = [...heatTable("lagoon", false)];
for (let numHeads = 1; numHeads <= MAX_HEADS; numHeads++) {
  for (let head = 0; head < numHeads; head++) colors.push(...headColor(head, numHeads, false));
}
const palette = Buffer.from(colors);

if (process.argv.includes("--check")) {
  // Compare inflated, because another zlib may compress the same bytes differently.
  if (!inflateSync(readFileSync(TARGET)).equals(palette)) {
    console.error("palette.bin is not what src/core/look/colors.ts says: run `node tools/palette.mjs`");
    process.exit(1);
  }
} else {
  writeFileSync(TARGET, deflateSync(palette, { level: 9 }));
}
