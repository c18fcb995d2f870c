import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { cell, layerControl, token } from "./controls";
import { faults } from "./faults";
import { expect, openNotebookFile, ROOT, ready, scrollToCell, setTheme, test, view } from "./harness/index";

/** `HEADSCOPE_IMAGES=1 npx vitest run -c ui-tests/vitest.config.ts tour` retakes the pictures of the README. */
async function picture(target: Locator, name: string): Promise<void> {
  if (!process.env.HEADSCOPE_IMAGES) return;
  mkdirSync(join(ROOT, "docs/images"), { recursive: true });
  await target.screenshot({ path: join(ROOT, "docs/images", `${name}.png`), animations: "disabled" });
}

type Locators = [Locator, Locator, Locator, Locator, Locator, Locator];

/** In the order of the cells. */
const VIEWS = [
  ...["head", "model"],
  ...["explorer", "head", "model", "matrix"],
  ...["explorer", "head", "neuron", "text"],
  ...["head", "head", "head"],
];

async function isInPlace(root: Locator): Promise<void> {
  await ready(root);
  expect(await faults(root)).toEqual([]);
}

/** Brings one cell after another into sight, like a reader who scrolls. */
async function scrollThrough(page: Page, look: (root: Locator) => Promise<void>): Promise<number> {
  const count = await page.evaluate(() => window.headscopeTestPanel.content.widgets.length);
  let seen = 0;
  for (let index = 0; index < count; index++) {
    await scrollToCell(page, index);
    const root = page.locator(`.jp-Cell[data-windowed-list-index="${index}"] .headscope`);
    for (let nth = 0; nth < (await root.count()); nth++, seen++) await look(root.nth(nth));
  }
  return seen;
}

test("the tour runs from top to bottom, every part of every view is in its place, and nothing is logged", async ({
  page,
}) => {
  await page.setViewportSize({ width: 1400, height: 1000 });
  await openNotebookFile(page, join(ROOT, "examples/tour.ipynb"));
  for (const root of await page.locator(".headscope").all()) await isInPlace(root);
  expect(await scrollThrough(page, isInPlace)).toBe(VIEWS.length);

  // While JupyterLab scrolls to the last cell, a higher window would show the last cells only.
  await scrollToCell(page, 0);
  await page.setViewportSize({ width: 1280, height: 16_000 }); // JupyterLab draws only the visible cells.
  const all = page.locator(".headscope");
  const kinds = () => all.evaluateAll((roots) => roots.map((root) => (root as HTMLElement).dataset.view));
  await expect.poll(kinds).toEqual(VIEWS);
  for (let nth = 0; nth < VIEWS.length; nth++) await ready(all.nth(nth));
  const [recipe, grid, whole, single, model, matrix] = [0, 1, 2, 3, 4, 5].map((nth) => all.nth(nth)) as Locators;
  await ready(recipe, 0);
  expect(await grid.getAttribute("data-theme")).toBe("dark");
  // The tour's own cells have moved the views that follow the capture, and what the single view's call left out.
  await ready(whole, 3);
  await ready(single, 2);
  expect(await token(single, "query", 2).getAttribute("aria-selected")).toBe("true");
  await token(single, "query", 2).click();
  await layerControl(whole).selectOption("4");
  await ready(whole, 4);
  await ready(single, 2);
  await cell(whole, 2, 9).click();
  await ready(whole, 2);
  await token(single, "query", 2).hover();
  await expect.poll(() => token(single, "key", 9).getAttribute("data-weight")).toMatch(/^0\.\d/);
  await picture(single, "head-view");
  await page.mouse.move(0, 0);
  await ready(matrix, 2);
  await picture(whole, "explorer");
  await picture(model, "model-view");
  await picture(matrix, "matrix-view");
  const neurons = view(page, "neuron");
  await token(neurons, "query", 22).click();
  await expect.poll(() => neurons.getAttribute("data-expanded")).toBe("22");
  await picture(neurons, "neuron-view");
  await page.mouse.move(0, 0);
  await picture(view(page, "text"), "text-view");

  await setTheme(page, "JupyterLab Dark");
  for (let nth = 0; nth < VIEWS.length; nth++) await ready(all.nth(nth));
});
