import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Locator, Page } from "playwright-core";
import { newFolder, onDisk } from "./attention-file";
import { attentionControl, cell, choose, token } from "./controls";
import { openByClick, shown } from "./document-page";
import { DATES, LONG_T5, UNEVEN } from "./encoder-decoders";
import {
  expect,
  kernel,
  openNotebook,
  RESULTS,
  ready,
  scrollToCell,
  setTheme,
  shareJupyterLab,
  test,
  view,
} from "./harness/index";
import { kept, reopen, saved } from "./saved-notebook";
import { resize, SIZES } from "./sizes";

shareJupyterLab();

/** The source tokens of the date in `DATES`; the target's follow. */
const SOURCE = 11;
const readout = (root: Locator) => root.locator(".hs-readout");
const mapNames = (root: Locator) => attentionControl(root).locator("option").allTextContents();

/** The colours of a rectangle of a canvas, which is given in shares of its size. */
function colorsIn(canvas: Locator, left: number, top: number, right: number, bottom: number): Promise<string[]> {
  return canvas.evaluate(
    (element, [x, y, toX, toY]) => {
      const { width, height } = element as HTMLCanvasElement;
      const context = (element as HTMLCanvasElement).getContext("2d") as CanvasRenderingContext2D;
      const [from, to] = [[x * width, y * height].map(Math.ceil), [toX * width, toY * height].map(Math.floor)];
      const [fromX, fromY, endX, endY] = [...from, ...to] as [number, number, number, number];
      const { data } = context.getImageData(fromX, fromY, endX - fromX, endY - fromY);
      const found = new Set<string>();
      for (let at = 0; at < data.length; at += 4) found.add(data.slice(at, at + 4).join());
      return [...found];
    },
    [left, top, right, bottom] as [number, number, number, number],
  );
}

/** Whether all of these are stripes of missing cells, or gaps between cells. */
const areHatched = (colors: readonly string[]) =>
  colors.every((color) => /^0,0,0,0$|^12[789],12[789],12[789],/.test(color));

test("a fourth choice shows all three attentions, with numbers of the maps, in every size and theme", async ({
  page,
}) => {
  await openNotebook(page, [
    DATES,
    "matrix = capture.matrix_view(layer=1, heads=[2])\nmatrix",
    "capture.head_view(layer=1, map='all')",
    "capture.model_view(map='all')",
  ]);
  const root = view(page, "matrix");
  await ready(root, 1);
  expect(await mapNames(root)).toEqual(["Encoder", "Decoder", "Cross", "All"]);
  await choose(root, "Attention", "all:all");
  await expect.poll(() => kernel(page, "matrix.selection.map")).toBe("'all'");
  for (const theme of ["JupyterLab Light", "JupyterLab Dark"] as const) {
    await setTheme(page, theme);
    for (const [width, height] of SIZES) {
      await resize(page, width, height);
      await scrollToCell(page, 1);
      await ready(root, 1);
      const canvas = root.locator(".hs-panels canvas").first();
      const share = SOURCE / 22;
      await expect.poll(async () => areHatched(await colorsIn(canvas, share, 0, 1, share))).toBe(true);
      expect(areHatched(await colorsIn(canvas, 0, 0, share, share))).toBe(false);
      const names = await root.locator(".hs-block-name").allTextContents();
      expect(names).toEqual(width === 400 ? names : ["encoder", "not connected", "cross", "decoder"]);
      expect(await root.locator(".hs-part-name.hs-left").allTextContents()).toEqual(["source", "target"]);
      await expect.poll(() => readout(root).textContent()).toContain("rows of target tokens sum to 2");
      const head = view(page, "head");
      await scrollToCell(page, 2);
      await ready(head, 1);
      expect(await head.locator(".hs-query > .hs-part").allTextContents()).toEqual(["source", "target"]);
      const model = view(page, "model");
      await scrollToCell(page, 3);
      await ready(model);
      await cell(model, 1, 3).waitFor();
    }
  }
});

test("readouts name the attention of a cell, and never give a number where nothing connects", async ({ page }) => {
  await openNotebook(page, [
    DATES,
    "view = capture.matrix_view(map='all', layer=1, heads=[2])\nview",
    "capture.head_view(map='all', layer=1, heads=[1, 2])",
  ]);
  const [root, head] = [view(page, "matrix"), view(page, "head")];
  await ready(root, 1);
  for (const [query, queryAt, keyAt, name, map] of [
    [3, 0, 0, "encoder self-attention", "encoder"],
    [4, SOURCE, 0, "cross-attention", "cross"],
    [4, SOURCE, SOURCE, "decoder self-attention", "decoder"],
  ] as const) {
    const row = `capture.weights(1, 2, ${query}, map="${map}")`;
    const [key, weight] = JSON.parse(await kernel(page, `[int(${row}.argmax()), float(${row}.max())]`));
    await kernel(page, `view.selection.query, view.selection.key = ${query + queryAt}, ${key + keyAt}`);
    await expect
      .poll(() => readout(root).textContent())
      .toMatch(new RegExp(`${name}, layer 1, head 2 {3}${weight.toPrecision(3)}$`));
  }
  await kernel(page, "view.selection.query, view.selection.key = 3, 15");
  await expect.poll(() => readout(root).textContent()).toMatch(/ → .* {3}no attention connects source and target$/);

  await scrollToCell(page, 2);
  await token(head, "query", SOURCE + 4).hover();
  await expect.poll(() => readout(head).textContent()).toMatch(/^8 \[15\] → .*mean of 2 heads: /);
  await token(head, "query", 0).hover();
  await expect.poll(() => token(head, "key", SOURCE + 2).getAttribute("data-weight")).toBeNull();
  await page.mouse.move(0, 0);
});

test("what one attention lacks is hatched and said, and means are over the heads that there are", async ({ page }) => {
  await openNotebook(page, [
    UNEVEN,
    "view = capture.matrix_view(map='all', combine='mean')\nview",
    "capture.explorer(map='all')",
    "capture.text_view(layer=1)",
  ]);
  const root = view(page, "matrix");
  await ready(root, 0);
  await expect.poll(() => readout(root).textContent()).toContain("only heads 0 to 1 in cross and decoder");
  await kernel(page, "view.selection.query, view.selection.key = 6, 2");
  const cross = Number(await kernel(page, "float(capture.weights(0, None, 1, 2, map='cross').mean())"));
  await expect.poll(() => readout(root).textContent()).toContain(cross.toPrecision(3));
  await kernel(page, "view.selection.query = view.selection.key = None\nview.selection.layer = 2");
  await ready(root, 2);
  await expect.poll(() => readout(root).textContent()).toContain("no layer 2 in cross and decoder");
  const canvas = root.locator(".hs-panels canvas").first();
  await expect.poll(async () => areHatched(await colorsIn(canvas, 0, 5 / 8, 1, 1))).toBe(true);

  const explorer = view(page, "explorer");
  await scrollToCell(page, 2);
  await explorer.getByRole("tab", { name: "Neurons" }).click();
  await expect.poll(() => explorer.textContent()).toContain("each with queries and keys of its own");
  await explorer.getByRole("tab", { name: "Text" }).click();
  await expect.poll(() => explorer.locator(".hs-pane-note").isVisible()).toBe(true);
  expect(await mapNames(view(page, "text"))).toEqual(["Encoder", "Decoder", "Cross"]);
});

test("hidden sinks are measured in each attention, and each softmax is rescaled by itself", async ({ page }) => {
  await openNotebook(page, [
    DATES,
    "view = capture.matrix_view(map='all', layer=1, heads=[2], hide_sink=True, sink_share=0.2)\nview",
  ]);
  const root = view(page, "matrix");
  await ready(root, 1);
  const sinks = JSON.parse(await kernel(page, "list(capture.maps['all'].sinks(1, 0.2))")) as number[];
  expect(sinks.length).toBeGreaterThan(0);
  await expect.poll(() => root.locator(".hs-left-out-keys .hs-key-chip").count()).toBe(sinks.length);
  expect(sinks.filter((key) => key < SOURCE).length).toBeGreaterThan(0);
  expect(sinks.filter((key) => key >= SOURCE).length).toBeGreaterThan(0);
  // Without the sinks, each softmax of a target token adds up to 1 again.
  const row = `capture.maps["all"].excerpt(1, [2], [[20, 21]], [[0, ${SOURCE}], [${SOURCE}, 22]], without=${JSON.stringify(sinks)})`;
  const left = JSON.parse(await kernel(page, `${row}[0, 0].round(4).tolist()`)) as number[];
  expect(left.every((share) => share >= 1)).toBe(true);
});

test("long inputs are shown by the tiles in sight, with exact weights in readouts", async ({ page }) => {
  await openNotebook(page, [LONG_T5, "view = capture.matrix_view(map='all', layer=1, heads=[2])\nview"]);
  const root = view(page, "matrix");
  await ready(root, 1);
  const canvas = root.locator(".hs-panels canvas").first();
  const share = 301 / 591;
  await expect.poll(async () => areHatched(await colorsIn(canvas, share + 0.01, 0, 1, share - 0.01))).toBe(true);
  await kernel(page, "view.selection.query, view.selection.key = 400, 310");
  const weight = Number(await kernel(page, "float(capture.weights(1, 2, 99, 9, map='decoder'))"));
  await expect.poll(() => readout(root).textContent()).toContain("decoder self-attention, layer 1, head 2");
  await expect
    .poll(async () => Number(/[\d.]+$/.exec((await readout(root).textContent()) ?? "")?.[0]))
    .toBeCloseTo(weight, 3);
});

test("pages, files and saved notebooks show all from the three maps alone", async ({ page }) => {
  await openNotebook(page, [DATES, "capture.matrix_view(map='all', layer=1, heads=[2])"]);
  await ready(view(page, "matrix"), 1);
  await kept(page, 1);
  await reopen(page, await saved(page));
  await ready(view(page, "matrix"), 1);
  expect(await view(page, "matrix").locator(".hs-status").textContent()).toBe("snapshot");
  await expectAll(view(page, "matrix"));

  const file = `${newFolder()}/dates.attn.safetensors`;
  await openNotebook(page, [DATES]);
  await kernel(page, `capture.save(${JSON.stringify(onDisk(file))})`);
  const path = join(RESULTS, "all-maps.html");
  await kernel(page, `capture.model_view(map="all").save(${JSON.stringify(path)})`);
  expect(readFileSync(path, "utf8")).not.toMatch(/id="[^"]*-(block|overview)-all-/);
  await page.goto(pathToFileURL(path).href);
  await ready(view(page, "model"));
  expect(await mapNames(view(page, "model"))).toEqual(["Encoder", "Decoder", "Cross", "All"]);
  const thumbnails = view(page, "model").locator("canvas").first();
  await expect.poll(async () => (await colorsIn(thumbnails, 0, 0, 1, 1)).length).toBeGreaterThan(4);

  await openByClick(page, file, "lab");
  const opened = shown(page);
  await ready(opened, 0);
  await choose(opened, "Attention", "all:all");
  await opened.getByRole("tab", { name: "Matrix" }).click();
  await ready(opened, 0);
  await expectAll(opened);
});

async function expectAll(root: Locator): Promise<void> {
  expect(await attentionControl(root).inputValue()).toBe("all:all");
  const share = SOURCE / 22;
  const canvas = root.locator(".hs-panels canvas").first();
  await expect.poll(async () => areHatched(await colorsIn(canvas, share, 0, 1, share))).toBe(true);
}

test("BertViz' drop-down has All beside the three attentions", async ({ page }: { page: Page }) => {
  const recipe = `${UNEVEN}
import torch
from headscope.bertviz import head_view, model_view
tensors = {name: [torch.tensor(one)[None] for one in layers] for name, layers in attentions.items() if "attentions" in name}
names = {"encoder_attention": "encoder_attentions", "decoder_attention": "decoder_attentions", "cross_attention": "cross_attentions"}
given = {name: tensors[own] for name, own in names.items()} | dict(encoder_tokens=list("abcde"), decoder_tokens=list("xyz"))
`;
  await openNotebook(page, [recipe, "head_view(**given)", "model_view(**given)"]);
  for (const [at, kind] of [
    [1, "head"],
    [2, "model"],
  ] as const) {
    await scrollToCell(page, at);
    const root = view(page, kind);
    await ready(root);
    expect(await mapNames(root)).toEqual(["Encoder", "Decoder", "Cross", "All"]);
    await choose(root, "Attention", "all:all");
    await ready(root);
  }
  expect(await view(page, "head").locator(".hs-query > .hs-part").allTextContents()).toEqual(["source", "target"]);
});
