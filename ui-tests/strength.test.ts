import type { Locator } from "playwright-core";
import { token } from "./controls";
import { PAIR } from "./examples";
import {
  expect,
  kernel,
  openNotebook,
  ready,
  scrollToCell,
  setTheme,
  shareJupyterLab,
  test,
  view,
} from "./harness/index";
import { longCapture } from "./long-capture";
import { resize, SIZES } from "./sizes";

shareJupyterLab();

const THEMES = ["JupyterLab Light", "JupyterLab Dark"] as const;

/** The contrast of each pixel in the middle column of the lines with the view's background, in ascending order. */
const midLine = (root: Locator): Promise<number[]> =>
  root.locator(".hs-between canvas").evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const probe = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;
    probe.fillStyle = getComputedStyle(canvas.closest(".headscope") as Element).backgroundColor;
    probe.fillRect(0, 0, 1, 1);
    const ground = probe.getImageData(0, 0, 1, 1).data;
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const { data } = context.getImageData(Math.floor(canvas.width / 2), 0, 1, canvas.height);
    const part = (channel: number) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
    const luminance = (rgb: number[]) =>
      [0.2126, 0.7152, 0.0722].reduce((sum, factor, at) => sum + factor * part((rgb[at] as number) / 255), 0);
    const contrasts: number[] = [];
    for (let at = 0; at < data.length; at += 4) {
      const alpha = (data[at + 3] as number) / 255;
      if (alpha === 0) continue;
      const mixed = [0, 1, 2].map((i) => alpha * (data[at + i] as number) + (1 - alpha) * (ground[i] as number));
      const [one, other] = [luminance(mixed), luminance([...ground])];
      contrasts.push((Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05));
    }
    return contrasts.sort((a, b) => a - b);
  });

const at = (sorted: readonly number[], part: number) => sorted[Math.floor(part * (sorted.length - 1))] as number;

/** Whether a part of the view is whole within it. */
const isWithin = (root: Locator, selector: string) =>
  root.evaluate((element, of) => {
    const [outer, inner] = [element.getBoundingClientRect(), element.querySelector(of)?.getBoundingClientRect()];
    return inner !== undefined && inner.height > 0 && inner.left >= outer.left && inner.right <= outer.right + 1;
  }, selector);

test("small weights can be seen in lines, at every size and on both backgrounds", async ({ page }) => {
  const call = "capture.head_view(layer=5, pair='ab'";
  await openNotebook(page, [PAIR, `${call}, gain=1)`, `${call})`]);
  for (const theme of THEMES) {
    await setTheme(page, theme);
    for (const [width, height] of SIZES) {
      await resize(page, width, height);
      const measured: number[][] = [];
      for (const nth of [0, 1]) {
        await scrollToCell(page, nth + 1);
        const root = view(page, "head", nth);
        await ready(root);
        await expect.poll(async () => (await midLine(root)).length).toBeGreaterThan(10);
        measured.push(await midLine(root));
        expect(await isWithin(root, ".hs-strength"), `legend at ${width}`).toBe(true);
      }
      const [before, after] = measured as [number[], number[]];
      // With a gain of 1, as the lines were before: hardly visible.
      expect(at(before, 0.95)).toBeLessThan(2.2);
      expect(at(after, 0.95), `95th percentile at ${width}, ${theme}`).toBeGreaterThan(3);
      expect(at(after, 0.95) - 1).toBeGreaterThan(2 * (at(before, 0.95) - 1));
    }
  }
});

test("scale and strength of lines are chosen in the menu, said in the legend, and known to Python", async ({
  page,
}) => {
  await openNotebook(page, [PAIR, "v = capture.head_view(layer=5)\nv"]);
  const root = view(page, "head");
  await ready(root);
  const legend = root.locator(".hs-strength");
  await expect.poll(() => legend.textContent()).toContain("linear, relative to the strongest");
  await root.getByRole("button", { name: "Simplify" }).click();
  await root.getByLabel("Scale of lines").selectOption("sqrt");
  await root.getByLabel("Strength of lines").selectOption("4");
  await expect.poll(() => legend.textContent()).toContain("square root, ×4");
  await expect.poll(() => legend.getAttribute("aria-label")).toMatch(/^Legend of lines: square root, ×4, weights /);
  await expect.poll(() => kernel(page, "print(v.scale, v.gain)")).toContain("sqrt 4.0");
});

test("heads are told apart by numbers where a token is pointed at", async ({ page }) => {
  const many = `
import numpy as np
weights = np.random.default_rng(0).dirichlet(np.full(8, 0.3), (1, 32, 8)).astype("float32")
many = hs.from_attentions(list(weights), [f"t{n}" for n in range(8)])
many.head_view(query=2)`;
  await openNotebook(page, [PAIR, "capture.head_view(layer=5, query='cat')", many]);
  for (const [width, height] of SIZES) {
    await resize(page, width, height);
    await scrollToCell(page, 1);
    const root = view(page, "head", 0);
    await ready(root);
    const numbers = root.locator(".hs-title.hs-key .hs-strip-numbers > span");
    await expect.poll(() => numbers.count()).toBe(width < 700 ? 3 : 12);
    expect(await overlaps(numbers)).toEqual([]);
    expect(await overlaps(root.locator(".hs-line-numbers > .hs-chip"))).toEqual([]);
    if (width >= 700) expect(await root.locator(".hs-line-numbers > .hs-chip").count()).toBeGreaterThan(8);
    await scrollToCell(page, 2);
    const crowd = view(page, "head", 1);
    await ready(crowd);
    await expect.poll(() => overlaps(crowd.locator(".hs-title.hs-key .hs-strip-numbers > span"))).toEqual([]);
    expect(await crowd.locator(".hs-line-numbers > .hs-chip").count()).toBeLessThanOrEqual(16);
  }
  await resize(page, 1440, 900);
  await scrollToCell(page, 1);
  const root = view(page, "head", 0);
  await token(root, "query", 2).click();
  await page.mouse.move(0, 0);
  await expect.poll(() => root.locator(".hs-strip-numbers > span").count()).toBe(0);
});

/** The pairs of elements that cover each other. */
function overlaps(elements: Locator): Promise<string[]> {
  return elements.evaluateAll((all) => {
    const boxes = all.map((one) => ({ text: one.textContent, box: one.getBoundingClientRect() }));
    return boxes.flatMap((a, at) =>
      boxes
        .slice(0, at)
        .filter(
          (b) =>
            Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 0.5 &&
            Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 1.5,
        )
        .map((b) => `${a.text} and ${b.text}`),
    );
  });
}

/** The part of the map's pixels that differ from its most frequent colours, the grounds of cells. */
const coloured = (root: Locator) =>
  root.locator("[data-map='0'] canvas").evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = (element as HTMLCanvasElement).getContext("2d") as CanvasRenderingContext2D;
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    const counts = new Map<number, number>();
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    const grounds = [...counts.values()].sort((a, b) => b - a).slice(0, 4);
    return 1 - grounds.reduce((sum, count) => sum + count, 0) / pixels.length;
  });

test("long causal texts show their findings by default, in maps and in text, and can be set back", async ({ page }) => {
  await openNotebook(page, [
    longCapture(300),
    "capture.matrix_view(layer=17, heads=[5])",
    "capture.matrix_view(layer=17, heads=[5], scale='linear')",
    "capture.text_view(layer=17)",
  ]);
  const legend = (root: Locator) => root.locator(".hs-heat-legend").textContent();
  const [root, plain] = [view(page, "matrix", 0), view(page, "matrix", 1)];
  const seen: number[] = [];
  for (const [nth, one] of [root, plain].entries()) {
    await scrollToCell(page, nth + 1);
    await ready(one);
    seen.push(await coloured(one));
  }
  await expect.poll(() => legend(root)).toContain("square root scale, sinks beyond it");
  await expect.poll(() => legend(plain)).toContain("weight, linear scale");
  expect(seen[0]).toBeGreaterThan(1.5 * (seen[1] as number));
  await scrollToCell(page, 3);
  const text = view(page, "text");
  await ready(text);
  await expect.poll(() => legend(text)).toContain("sinks beyond it");
  await expect.poll(() => colours(text)).toBeGreaterThan(20);
  await scrollToCell(page, 1);
  const scale = root.getByLabel("Scale", { exact: true });
  if (!(await scale.isVisible())) await root.getByRole("button", { name: "More" }).click();
  await scale.selectOption("linear");
  await expect.poll(() => legend(root)).toContain("weight, linear scale");
});

/** How many colours the words of a text have. */
function colours(root: Locator): Promise<number> {
  return root
    .locator(".hs-prose .hs-piece")
    .evaluateAll((all) => new Set(all.map((one) => (one as HTMLElement).style.background)).size);
}
