import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { cell, layerControl, token } from "./controls";
import { expect, openNotebookFile, ROOT, ready, screenshot, setTheme, test, view } from "./harness";

/** `HEADSCOPE_IMAGES=1 npx vitest run -c ui-tests/vitest.config.ts tour` takes the pictures of the README anew. */
async function picture(target: Locator, name: string): Promise<void> {
  await screenshot(target, name);
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

test("the tour runs from top to bottom, every view paints and nothing is logged", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 16_000 }); // JupyterLab draws the cells in sight alone
  await openNotebookFile(page, join(ROOT, "examples/tour.ipynb"));
  const all = page.locator(".headscope");
  await expect.poll(() => all.count()).toBe(VIEWS.length);
  for (let nth = 0; nth < VIEWS.length; nth++) {
    await ready(all.nth(nth));
    expect(await all.nth(nth).getAttribute("data-view")).toBe(VIEWS[nth]);
  }
  const [recipe, grid, whole, single, model, matrix] = [0, 1, 2, 3, 4, 5].map((nth) => all.nth(nth)) as Locators;
  await ready(recipe, 0);
  expect(await grid.getAttribute("data-theme")).toBe("dark");
  // The selection was moved from Python by the tour's own cells.
  await ready(whole, 2);
  await ready(single, 2);
  expect(await token(single, "query", 2).getAttribute("aria-selected")).toBe("true");
  await token(single, "query", 2).click();
  await layerControl(single).selectOption("3");
  await ready(whole, 3);
  await cell(whole, 2, 9).click();
  await ready(single, 2);
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
  for (let nth = 0; nth < VIEWS.length; nth++) await screenshot(all.nth(nth), `tour-${nth}-light`);

  await setTheme(page, "JupyterLab Dark");
  for (let nth = 0; nth < VIEWS.length; nth++) {
    await ready(all.nth(nth));
    await screenshot(all.nth(nth), `tour-${nth}-dark`);
  }
});
