import type { Locator, Page } from "playwright-core";
import { choose } from "./controls";
import { PAIR, SMOLLM2 } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";
import { weightPixels } from "./heat-pixels";

shareJupyterLab();

/** 15 tokens get the largest possible cells. */
const CELL = 28;

const map = (root: Locator, index = 0) => root.locator(`[data-map="${index}"]`);
const middle = (query: number, key: number) => ({ position: { x: (key + 0.5) * CELL, y: (query + 0.5) * CELL } });
const readout = (root: Locator) => root.locator(".hs-readout");
const times = (root: Locator) => root.locator(".hs-zoom-times");
const names = (root: Locator, kind: string) => root.locator(`.hs-tick.${kind}`).allTextContents();

async function open(page: Page, options = "layer=2, heads=[3]", more: readonly string[] = []): Promise<Locator> {
  await openNotebook(page, [PAIR, `view = capture.matrix_view(${options})\nview`, ...more]);
  const root = view(page, "matrix");
  await ready(root, 2);
  return root;
}

test("hovering over a cell reads the model's own weight, and names its row and column", async ({ page }) => {
  const root = await open(page);
  const weight = Number(await kernel(page, "float(capture.weights(2, 3)[2, 3])"));
  await map(root).hover(middle(2, 3));
  await expect.poll(() => readout(root).textContent()).toContain(`layer 2, head 3   ${weight.toPrecision(3)}`);
  expect((await names(root, "hs-at")).sort()).toEqual(["cat", "sat"]);
  await page.mouse.move(0, 0);
  await expect.poll(() => names(root, "hs-at")).toEqual([]);
});

test("the mean and the sum of heads are those of their weights", async ({ page }) => {
  const root = await open(page, "layer=2, heads=[1, 3, 7], combine='sum'");
  const sum = Number(await kernel(page, "float(sum(capture.weights(2, h)[4, 5] for h in (1, 3, 7)))"));
  await map(root).hover(middle(4, 5));
  await expect.poll(() => readout(root).textContent()).toContain(`3 heads as one   ${sum.toPrecision(3)}`);
  await choose(root, "Show heads", "mean");
  await map(root).hover(middle(4, 5));
  await expect.poll(() => readout(root).textContent()).toContain((sum / 3).toPrecision(3));
  await expect.poll(() => kernel(page, "view.combine")).toBe("'mean'");
  const largest = Number(await kernel(page, "float(sum(capture.weights(2, h) for h in (1, 3, 7)).max() / 3)"));
  expect(await root.locator(".hs-heat-legend").textContent()).toContain(largest.toPrecision(3));
});

test("a pin in the matrix moves a head view and Python's selection, and Escape unpins it", async ({ page }) => {
  const root = await open(page, "layer=2, heads=[3]", ["capture.head_view()"]);
  const head = view(page, "head");
  await ready(head, 0);
  await map(root).click(middle(2, 5));
  await expect.poll(() => kernel(page, "capture.selection.query, capture.selection.key")).toBe("(2, 5)");
  await expect.poll(() => head.locator("[aria-selected=true]").count()).toBe(2);
  expect(await head.locator("[data-query='2']").getAttribute("aria-selected")).toBe("true");
  await kernel(page, "capture.selection.query = 6");
  await expect.poll(() => root.locator(".hs-tick.hs-pinned[data-query='6']").count()).toBe(1);
  await map(root).press("Escape");
  await expect.poll(() => kernel(page, "print(capture.selection.query)")).toBe("None");
});

test("keys, buttons and the wheel with Ctrl zoom; arrows, a drag and the wheel move", async ({ page }) => {
  const root = await open(page);
  await map(root).hover(middle(7, 7));
  await page.mouse.wheel(0, 30);
  expect(await times(root).textContent()).toBe("1.0×");
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -30);
  await page.keyboard.up("Control");
  await expect.poll(() => times(root).textContent()).toBe("1.3×");
  await root.locator(".hs-panels").press("+");
  await expect.poll(() => times(root).textContent()).toBe("2.0×");
  await root.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(() => times(root).textContent()).toBe("3.0×");
  expect(await root.locator(".hs-tick[data-query='0']").count()).toBe(0);

  const shown = () => root.locator(".hs-tick[data-query]").first().getAttribute("data-query").then(Number);
  const before = await shown();
  const box = await map(root).boundingBox();
  if (!box) throw new Error("The map is not there.");
  await page.mouse.move(box.x + 100, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + 100, box.y + 250, { steps: 4 });
  await page.mouse.up();
  await expect.poll(shown).toBeLessThan(before);
  await expect.poll(() => kernel(page, "print(capture.selection.query)")).toBe("None");

  const dragged = await shown();
  await page.mouse.wheel(0, 200);
  await expect.poll(shown).toBeGreaterThan(dragged);
  await root.locator(".hs-panels").focus();
  for (let step = 0; step < 15; step++) await page.keyboard.press("ArrowUp");
  await expect.poll(() => root.locator(".hs-tick.hs-at[data-query='0']").count()).toBe(1);
  await page.keyboard.press("0");
  await expect.poll(() => times(root).textContent()).toBe("1.0×");
});

test("the scale is switched by the reader and by Python, and changes the picture", async ({ page }) => {
  const root = await open(page);
  const picture = () =>
    map(root)
      .locator("canvas")
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const linear = await picture();
  await choose(root, "Scale", "sqrt");
  await expect.poll(() => kernel(page, "view.scale")).toBe("'sqrt'");
  await expect.poll(picture).not.toBe(linear);
  await kernel(page, "view.scale = 'log'");
  await expect.poll(() => root.locator(".hs-heat-legend").textContent()).toContain("log scale");
  await kernel(page, "view.scale = 'linear'");
  await expect.poll(picture).toBe(linear);
});

test("the colours are switched by the reader and by Python, in the map and in the legend", async ({ page }) => {
  const root = await open(page, "layer=2, heads=[3], color_map='greys'");
  const colorful = () =>
    map(root)
      .locator("canvas")
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
          ...([0, 0, canvas.width, canvas.height] as const),
        );
        return data.some((value, index) => index % 4 === 0 && data[index + 3] !== 0 && value !== data[index + 2]);
      });
  const ramp = () => root.locator(".hs-ramp").evaluate((element) => getComputedStyle(element).backgroundImage);
  const grey = await ramp();
  expect(await colorful()).toBe(false);
  for (const name of ["blues", "heat"]) {
    await choose(root, "Colour map", name);
    await expect.poll(() => kernel(page, "view.color_map")).toBe(`'${name}'`);
    await expect.poll(colorful).toBe(true);
  }
  await kernel(page, "view.color_map = 'greys'");
  await expect.poll(colorful).toBe(false);
  expect(await ramp()).toBe(grey);
});

test("in a causal model only the half above the diagonal shows no weights", async ({ page }) => {
  await openNotebook(page, [SMOLLM2, "capture.matrix_view(layer=12, heads=[4])"]);
  const root = view(page, "matrix");
  await ready(root, 12);
  const seen = "(capture.weights(12, 4) > 1e-3).astype(int).tolist()";
  const weights = JSON.parse(await kernel(page, seen)) as number[][];
  const count = weights.length;
  const canvas = map(root).locator("canvas");
  const rows = await weightPixels(
    canvas,
    Math.floor((await canvas.evaluate((one) => (one as HTMLCanvasElement).width)) / count),
  );
  const painted = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  for (const [y, pixels] of rows.entries()) {
    const row = painted[Math.floor((y * count) / rows.length)] as number[];
    for (const [x, pixel] of [...pixels].entries()) {
      if (pixel === "1") (row[Math.floor((x * count) / pixels.length)] as number)++;
    }
  }
  expect(weights.length).toBeGreaterThan(8);
  painted.forEach((row, query) => {
    expect(row.slice(query + 1), `keys after query ${query}`).toEqual(row.slice(query + 1).fill(0));
    row.slice(0, query + 1).forEach((pixels, key) => {
      if (weights[query]?.[key]) expect(pixels, `query ${query}, key ${key}`).toBeGreaterThan(100);
    });
  });
});
