/**
 * Take pictures of the views on generated attention, in `build/gallery/`. They are for looking at; this is no test.
 * `node tools/gallery.mjs [part of a picture's name]`
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TARGET = `${ROOT}build/gallery/`;
const only = process.argv[2] ?? "";

/** What each picture shows, and what a reader does before it is taken. */
const PICTURES = {
  head: [{ view: "head" }],
  "head-hover": [{ view: "head" }, (page) => page.hover("[data-query='5']")],
  "head-hover-key": [{ view: "head" }, (page) => page.hover("[data-key='0']")],
  "head-one": [{ view: "head", active: [3] }, (page) => page.hover("[data-query='5']")],
  "head-one-key": [{ view: "head", active: [3] }, (page) => page.hover("[data-key='4']")],
  "head-some": [{ view: "head", active: [0, 3, 8] }],
  "head-pinned": [{ view: "head" }, (page) => page.click("[data-query='5']"), (page) => page.hover("[data-key='4']")],
  "head-keys": [{ view: "head" }, (page) => page.click(".hs-ask")],
  "head-dense": [{ view: "head", dense: true, tokens: 64 }],
  "head-64": [{ view: "head", tokens: 64 }],
  "head-128": [{ view: "head", tokens: 128 }, (page) => page.hover("[data-query='9']")],
  "head-512": [{ view: "head", tokens: 512 }, (page) => page.hover("[data-query='9']")],
  "head-hostile": [{ view: "head", tokens: "hostile" }],
  "head-pair": [{ view: "head", tokens: "pair", layers: 6 }],
  "head-cross": [{ view: "head", tokens: "translation", layers: 6, heads: 8 }],
  "head-single-token": [{ view: "head", tokens: 1 }],
  "head-nan": [{ view: "head", missing: true, active: [2] }],
  "head-many": [{ view: "head", heads: 64, layers: 30 }, (page) => page.hover("[data-query='5']")],
  "head-error": [{ view: "head", failure: "The kernel no longer has this capture. Run the cell that made it again." }],
  "head-pending": [{ view: "head", delay: 100_000, status: "busy" }, (page) => page.waitForTimeout(700)],
  matrix: [{ view: "matrix" }, (page) => page.hover("[data-map='5']", { position: { x: 40, y: 60 } })],
  "matrix-one": [
    { view: "matrix", active: [3], causal: true },
    (page) => page.click("[data-map='0']", { position: { x: 150, y: 140 } }),
    (page) => page.hover("[data-map='0']", { position: { x: 60, y: 100 } }),
  ],
  "matrix-mean": [{ view: "matrix", combine: "mean", scale: "sqrt", causal: true, tokens: 64 }],
  "matrix-512": [
    { view: "matrix", active: [2], scale: "log", causal: true, tokens: 512 },
    (page) => page.hover("[data-map='0']", { position: { x: 60, y: 120 } }),
  ],
  "matrix-zoomed": [
    { view: "matrix", active: [2], scale: "sqrt", causal: true, tokens: 512 },
    (page) => page.click("[data-map='0']", { position: { x: 60, y: 120 } }),
    (page) => page.keyboard.press("+"),
    (page) => page.keyboard.press("+"),
    (page) => page.keyboard.press("+"),
    (page) => page.keyboard.press("+"),
  ],
  "matrix-many": [{ view: "matrix", heads: 64, causal: true, tokens: 64 }],
  "matrix-cross": [{ view: "matrix", tokens: "translation", active: [0, 4], layers: 6, heads: 8 }],
  "matrix-hostile": [{ view: "matrix", tokens: "hostile", active: [5] }],
  "matrix-nan": [{ view: "matrix", missing: true, active: [2, 4] }],
  "matrix-keys": [{ view: "matrix", active: [1] }, (page) => page.click(".hs-ask")],
  "matrix-pending": [{ view: "matrix", delay: 100_000, status: "busy" }, (page) => page.waitForTimeout(700)],
  neuron: [{ view: "neuron", family: "bert", active: [3] }, (page) => page.hover("[data-query='5']")],
  "neuron-open": [{ view: "neuron", family: "bert", active: [3] }, (page) => page.click("[data-query='5']")],
  "neuron-cell": [
    { view: "neuron", family: "llama", heads: 9, headDim: 64, active: [4] },
    (page) => page.click("[data-query='9']"),
    (page) => page.hover(".hs-chain", { position: { x: 30, y: 72 } }),
  ],
  "neuron-gemma": [
    { view: "neuron", family: "gemma", headDim: 256, heads: 8, active: [3] },
    (page) => page.click("[data-query='12']"),
  ],
  "neuron-t5": [{ view: "neuron", family: "t5", active: [2], headDim: 32 }, (page) => page.click("[data-query='6']")],
  "neuron-sink": [
    { view: "neuron", family: "gpt_oss", heads: 64, active: [9] },
    (page) => page.click("[data-query='9']"),
  ],
  "neuron-512": [
    { view: "neuron", family: "llama", heads: 9, tokens: 512, headDim: 128, active: [1] },
    (page) => page.click("[data-query='9']"),
  ],
  "neuron-scrolled": [
    { view: "neuron", family: "llama", heads: 9, active: [1] },
    (page) => page.click("[data-query='13']"),
    (page) => page.evaluate(() => globalThis.document.querySelector(".hs-scroll").scrollBy(10_000, 0)),
  ],
  ...Object.fromEntries(
    [64, 128, 256].map((headDim) => [
      `neuron-dim-${headDim}`,
      [{ view: "neuron", family: "llama", heads: 8, headDim, active: [3] }, (page) => page.click("[data-query='5']")],
    ]),
  ),
  "neuron-none": [{ view: "neuron", active: [1] }, (page) => page.click("[data-query='9']")],
  text: [{ view: "text", tokens: 64, scale: "sqrt", causal: true }],
  "text-hover": [{ view: "text", tokens: 128, active: [1] }, (page) => page.hover("[data-query='20']")],
  "text-in": [
    { view: "text", tokens: 64, direction: "in", scale: "sqrt", causal: true },
    (page) => page.click("[data-query='20']"),
    (page) => page.hover("[data-query='30']"),
  ],
  "text-pair": [{ view: "text", tokens: "pair", active: [2, 7], layers: 6 }, (page) => page.hover("[data-query='3']")],
  "text-cross": [{ view: "text", tokens: "translation", active: [0, 2] }, (page) => page.hover("[data-query='3']")],
  "text-hostile": [{ view: "text", tokens: "hostile", active: [1] }, (page) => page.hover("[data-query='5']")],
  "text-nan": [{ view: "text", missing: true, active: [2] }, (page) => page.hover("[data-query='7']")],
  "text-512": [{ view: "text", tokens: 512, active: [1] }, (page) => page.hover("[data-query='20']")],
  "text-pending": [{ view: "text", delay: 100_000, status: "busy" }, (page) => page.waitForTimeout(700)],
  model: [{ view: "model" }, (page) => page.hover("[data-layer='4'][data-head='3']")],
  "model-detail": [{ view: "model", detail: true, active: [3] }, (page) => page.hover(".hs-lines [data-query='5']")],
  explorer: [{ view: "explorer", active: [3] }, (page) => page.hover(".hs-lines [data-query='5']")],
  "explorer-pair": [{ view: "explorer", tokens: "pair", layers: 6 }],
  "explorer-matrix": [{ view: "explorer", tab: "matrix", active: [3, 4] }],
  "explorer-aids": [{ view: "explorer" }, (page) => page.click(".hs-menu-button")],
  "explorer-30x9": [{ view: "explorer", layers: 30, heads: 9, tokens: 64 }],
  "head-aids": [{ view: "head" }, (page) => page.click(".hs-menu-button")],
  "model-30x9": [{ view: "model", layers: 30, heads: 9, tokens: 64 }],
  "model-32x32": [{ view: "model", layers: 32, heads: 32, tokens: 64, detail: true, active: [3] }],
  "model-cross": [{ view: "model", tokens: "translation", layers: 4, heads: 4, detail: true, active: [1] }],
  "model-pending": [{ view: "model", delay: 100_000, status: "busy" }, (page) => page.waitForTimeout(700)],
  "model-error": [
    { view: "model", failure: "The kernel no longer has this capture. Run the cell that made it again." },
  ],
  "model-512": [{ view: "model", layers: 2, tokens: 512, detail: true, active: [3], layer: 1 }],
};

async function pageText() {
  const common = { bundle: true, write: false, absWorkingDir: ROOT };
  const script = await build({ ...common, entryPoints: ["tools/gallery-page.ts"], format: "iife" });
  const style = await build({ ...common, entryPoints: ["style/widget.css"] });
  return `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
    <style>body { margin: 12px } ${style.outputFiles[0].text}</style><body><script>${script.outputFiles[0].text}</script>`;
}

const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
const text = await pageText();
mkdirSync(TARGET, { recursive: true });
for (const [theme, width] of [
  ["light", 1000],
  ["dark", 1000],
  ["light", 400],
  ["dark", 400],
]) {
  const page = await browser.newPage({ viewport: { width, height: 820 }, colorScheme: theme });
  page.on("pageerror", (error) => console.error(error));
  await page.setContent(text);
  for (const [name, [wish, ...acts]] of Object.entries(PICTURES).filter(([name]) => name.includes(only))) {
    await page.mouse.move(0, 0);
    await page.evaluate((asked) => void globalThis.gallery.show(asked), { ...wish, theme: "auto" });
    await page
      .waitForFunction(() => globalThis.document.querySelector(".headscope").dataset.state !== "pending", null, {
        timeout: 5000,
      })
      .catch(() => wish.delay || console.error(`${name}: still pending`));
    for (const act of acts) await act(page);
    await page.waitForTimeout(150);
    await page.screenshot({ path: `${TARGET}${name}-${theme}-${width}.png` });
  }
  await page.close();
}
await browser.close();
