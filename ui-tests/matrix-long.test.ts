import type { Locator, Page } from "playwright-core";
import { choose, layerControl } from "./controls";
import { expect, kernel, openNotebook, ready, setTheme, test, view } from "./harness/index";
import { weightPixels } from "./heat-pixels";
import { longCapture } from "./long-capture";

const map = (root: Locator, index = 0) => root.locator(`[data-map="${index}"]`);
const panels = (root: Locator) => root.locator(".hs-panels");
const readout = (root: Locator) => root.locator(".hs-readout");
const legend = (root: Locator) => root.locator(".hs-heat-legend").textContent();
const times = (root: Locator) => root.locator(".hs-zoom-times");
/** The side of a masked corner of the map, in pixels. */
const CORNER = 40;

/** The largest weight of a head's keys that are no sinks: keys that a quarter of the queries see, which give over 0.3. */
const LARGEST = `
import numpy as np
layer = capture.weights(12).mean(axis=0)
is_sink = [key <= 0.75 * len(layer) and layer[key:, key].mean() > 0.3 for key in range(len(layer))]
float(capture.weights(12, 4)[:, ~np.array(is_sink)].max())`;

const level = (root: Locator) => panels(root).getAttribute("data-level");

async function open(page: Page, options = "layer=12, heads=[4]"): Promise<Locator> {
  await page.setViewportSize({ width: 1280, height: 1600 }); // views fit their window, and the map is whole at two tokens a cell
  await openNotebook(page, [longCapture(1500), `view = capture.matrix_view(${options})\nview`]);
  const root = view(page, "matrix");
  await ready(root, 12);
  return root;
}

/** The cell that the status line names, and the weight that it shows. */
async function told(root: Locator): Promise<{ query: number; key: number; weight: string }> {
  const text = (await readout(root).textContent()) ?? "";
  const [, query, key, weight = ""] = /\[(\d+)\].*\[(\d+)\].*head \d+ {3}(.*)$/s.exec(text) ?? [];
  return { query: Number(query), key: Number(key), weight };
}

/** Python's weight, as the status line formats numbers. */
async function weightOf(page: Page, layer: number, head: number, query: number, key: number): Promise<string> {
  return asTold(Number(await kernel(page, `float(capture.weights(${layer}, ${head})[${query}, ${key}])`)));
}

function asTold(weight: number): string {
  // Smaller weights are encoded as zero.
  if (weight < 1e-7) return "0";
  return weight < 0.0005 ? "< 0.0005" : weight.toFixed(Math.min(4, 2 - Math.floor(Math.log10(weight))));
}

async function expectExact(page: Page, root: Locator, layer: number): Promise<void> {
  await expect.poll(async () => (await told(root)).weight).toMatch(/^(0|< 0\.0005|0\.\d+|1\.00)$/);
  const { query, key, weight } = await told(root);
  expect(weight).toBe(await weightOf(page, layer, 4, query, key));
}

/** The number of a map's pixels that show weights, above and below the diagonal. */
async function drawn(root: Locator): Promise<{ above: number; below: number }> {
  let [above, below] = [0, 0];
  for (const [y, pixels] of (await weightPixels(map(root).locator("canvas"), CORNER)).entries()) {
    const upper = pixels.slice(y + 5);
    above += upper.replaceAll("0", "").length;
    below += pixels.slice(0, y + 5).replaceAll("0", "").length;
  }
  return { above, below };
}

test("a head of 1,500 tokens is shown whole, zoomed and moved, and every cell gives the model's own weight", async ({
  page,
}) => {
  const root = await open(page);
  await isShownWhole(page, root);
  await isZoomedAndMoved(page, root);
});

async function isShownWhole(page: Page, root: Locator): Promise<void> {
  expect(await kernel(page, "len(capture.maps['self'].query_tokens)")).toBe("1500");
  expect(await level(root)).toBe("1");
  expect(await legend(root)).toContain("weight, largest in 2 × 2 tokens, square root scale, sinks beyond it");
  const largest = Number(await kernel(page, LARGEST));
  expect(await legend(root)).toContain(`≥ ${largest.toPrecision(3)}`);
  const { above, below } = await drawn(root);
  expect(above).toBe(0);
  expect(below).toBeGreaterThan(1000);
  for (const position of [
    { x: 10, y: 300 },
    { x: 299, y: 300 },
    { x: 400, y: 200 },
  ]) {
    await map(root).hover({ position });
    await expectExact(page, root, 12);
  }
}

async function isZoomedAndMoved(page: Page, root: Locator): Promise<void> {
  await map(root).hover({ position: { x: 200, y: 220 } });
  await page.keyboard.down("Control");
  for (let turn = 0; turn < 8; turn++) await page.mouse.wheel(0, -30);
  await page.keyboard.up("Control");
  await ready(root, 12);
  expect(await level(root)).toBe("0");
  expect(await legend(root)).toContain("weight, square root scale, sinks beyond it");
  await map(root).hover({ position: { x: 320, y: 330 } });
  await expectExact(page, root, 12);

  const before = await told(root);
  const box = await map(root).boundingBox();
  if (!box) throw new Error("The map is not there.");
  await page.mouse.move(box.x + 100, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + 150, box.y + 300, { steps: 5 });
  await page.mouse.up();
  await ready(root, 12);
  await map(root).hover({ position: { x: 320, y: 330 } });
  await expect.poll(async () => (await told(root)).query).toBeLessThan(before.query);
  await expectExact(page, root, 12);

  const length = Number(await kernel(page, "len(capture.maps['self'].query_tokens)"));
  for (let press = 0; press < 20; press++) await panels(root).press("+");
  await ready(root, 12);
  expect(await times(root).textContent()).toBe(`${Math.round(length / 4)}×`);
  expect(await root.locator(".hs-tick[data-query]:not(.hs-at)").count()).toBeLessThanOrEqual(5);
  await panels(root).press("0");
  await ready(root, 12);
  expect(await times(root).textContent()).toBe("1.0×");
}

test("layers, heads and pooling are switched, at once from memory, and saved as they are on screen", async ({
  page,
}) => {
  const root = await open(page);
  await isSwitched(page, root);
  await isSaved(page, root);
});

async function isSwitched(page: Page, root: Locator): Promise<void> {
  await layerControl(root).selectOption("3");
  await ready(root, 3);
  await map(root).hover({ position: { x: 100, y: 300 } });
  await expectExact(page, root, 3);
  const frames = await root.evaluate((element) => {
    const select = element.querySelector<HTMLSelectElement>("[aria-label=Layer]");
    if (!select) throw new Error("There is no layer control.");
    select.value = "12";
    select.dispatchEvent(new Event("change"));
    return { ...(element as HTMLElement).dataset };
  });
  expect(frames).toMatchObject({ state: "ready", layer: "12" });

  await choose(root, "Each cell shows", "mean");
  await ready(root, 12);
  await expect.poll(() => kernel(page, "view.pool")).toBe("'mean'");
  expect(await legend(root)).toContain("weight, mean in 2 × 2 tokens");
  await kernel(page, "view.heads = [0, 4]");
  await expect.poll(() => root.locator("[data-map]").count()).toBe(2);
  await ready(root, 12);
  await kernel(page, "view.combine = 'sum'; capture.select(query=900, key=5)");
  await expect.poll(() => root.locator("[data-map]").count()).toBe(1);
  await ready(root, 12);
  const sum = Number(await kernel(page, "float(capture.weights(12, 0)[900, 5] + capture.weights(12, 4)[900, 5])"));
  await page.mouse.move(0, 0);
  await expect.poll(() => readout(root).textContent()).toContain(`all 2 heads as one   ${asTold(sum)}`);
}

async function isSaved(page: Page, root: Locator): Promise<void> {
  for (let press = 0; press < 3; press++) await panels(root).press("+");
  await ready(root, 12);
  const code = `
import base64, re
view.save("long.svg")
svg = open("long.svg").read()
images = re.findall(r'<image[^>]*href="data:image/png;base64,([^"]+)"', svg)
[[int.from_bytes(base64.b64decode(one)[at : at + 4], "big") for at in (16, 20)] for one in images]
`;
  const [size = []] = JSON.parse(await kernel(page, code)) as number[][];
  expect(Math.min(...size)).toBeGreaterThanOrEqual(640);
  const { above, below } = await drawn(root);
  expect(above + below).toBeGreaterThan(0);
}

test("tiles are exact again after the theme, the width and the zoom have changed", async ({ page }) => {
  await page.setViewportSize({ width: 1360, height: 1300 });
  const root = await open(page, "layer=12, scale='sqrt'");
  await kernel(page, "view.heads = [4]");
  await expect.poll(() => root.locator("[data-map]").count()).toBe(1);
  for (const theme of ["JupyterLab Dark", "JupyterLab Light"] as const) {
    await setTheme(page, theme);
    await setWidth(root, 400);
    await ready(root, 12);
    await setWidth(root, null);
    await ready(root, 12);
    await map(root).hover({ position: { x: 140, y: 400 } });
    await expectExact(page, root, 12);
    for (let press = 0; press < 7; press++) await panels(root).press("+");
    await kernel(page, "view.top_k = 3");
    await root.locator(".hs-heat-note:not(:empty)").waitFor();
    await ready(root, 12);
    await kernel(page, "view.top_k = None");
    await panels(root).press("0");
  }
});

/** Makes the view as wide as in a narrow window, or as its cell for null. */
async function setWidth(root: Locator, width: number | null): Promise<void> {
  await root.evaluate((element, pixels) => {
    (element as HTMLElement).style.width = pixels === null ? "" : `${pixels}px`;
  }, width);
  await root.locator(`xpath=self::*[@data-width="${width === null ? "wide" : "narrow"}"]`).waitFor();
}
