/**
 * Draw the letters for the pictures that Python puts beside a view in a notebook without a browser: `node
 * tools/snapshot-font.mjs` writes `python/headscope/export/snapshot/font.bin` from DejaVu Sans Mono, whose licence
 * (https://dejavu-fonts.github.io/License.html) allows this. Run it again to add letters.
 */
import { writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { chromium } from "playwright-core";
import { findChromium } from "./find-chromium.mjs";

const TARGET = new URL("../python/headscope/export/snapshot/font.bin", import.meta.url);
const RANGES = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0x17f],
  [0x391, 0x3a1],
  [0x3a3, 0x3c9],
  [0x401, 0x401],
  [0x410, 0x44f],
  [0x451, 0x451],
  [0x2010, 0x2015],
  [0x2018, 0x201e],
];
const OTHERS = "…€→←≤≥≠≈×−␣⏎▁�□•";
const [SIZE, WIDTH, HEIGHT, BASELINE] = [23, 14, 30, 22];

const characters = RANGES.flatMap(([from, to]) =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCodePoint(from + at)),
).concat([...OTHERS]);

const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
const page = await browser.newPage();
const coverage = await page.evaluate(
  ([characters, size, width, height, baseline]) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height: height * characters.length });
    const pen = canvas.getContext("2d");
    pen.font = `${size}px "DejaVu Sans Mono"`;
    characters.forEach((one, at) => {
      pen.save();
      pen.beginPath();
      pen.rect(0, at * height, width, height);
      pen.clip();
      pen.fillText(one, 0, at * height + baseline);
      pen.restore();
    });
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: data.length / 4 }, (_, at) => data[at * 4 + 3]);
  },
  [characters, SIZE, WIDTH, HEIGHT, BASELINE],
);
await browser.close();
const head = Buffer.from(`${JSON.stringify({ width: WIDTH, height: HEIGHT, characters: characters.join("") })}\n`);
// Sixteen shades are enough for the eye, and compress to a third.
const shades = Buffer.from(coverage.map((value) => Math.round(value / 17) * 17));
writeFileSync(TARGET, deflateSync(Buffer.concat([head, shades]), { level: 9 }));
