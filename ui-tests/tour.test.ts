import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { cell, layerControl, token } from "./controls";
import { expect, openNotebookFile, ROOT, ready, screenshot, setTheme, test } from "./harness";

/** `HEADSCOPE_IMAGES=1 npx vitest run -c ui-tests/vitest.config.ts tour` takes the pictures of the README anew. */
async function picture(target: Locator, name: string): Promise<void> {
  await screenshot(target, name);
  if (!process.env.HEADSCOPE_IMAGES) return;
  mkdirSync(join(ROOT, "docs/images"), { recursive: true });
  await target.screenshot({ path: join(ROOT, "docs/images", `${name}.png`), animations: "disabled" });
}

test("the tour runs from top to bottom, every view paints and nothing is logged", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 12_000 }); // JupyterLab draws the cells in sight alone
  await openNotebookFile(page, join(ROOT, "examples/tour.ipynb"));
  const all = page.locator(".headscope");
  await expect.poll(() => all.count()).toBe(10);
  for (let nth = 0; nth < 10; nth++) await ready(all.nth(nth));

  const [recipe, grid, whole, single] = [0, 1, 2, 3].map((nth) => all.nth(nth)) as [Locator, Locator, Locator, Locator];
  await ready(recipe, 0);
  expect(await grid.getAttribute("data-theme")).toBe("dark");
  // The selection was moved from Python by the tour's own cells.
  await ready(whole, 3);
  await ready(single, 3);
  await layerControl(single).selectOption("2");
  await ready(whole, 2);
  await cell(whole, 2, 9).click();
  await token(single, "query", 2).hover();
  await expect.poll(() => token(single, "key", 9).getAttribute("data-weight")).toMatch(/^0\.\d/);
  await picture(single, "head-view");
  await page.mouse.move(0, 0);
  await picture(whole, "model-view");
  for (let nth = 0; nth < 10; nth++) await screenshot(all.nth(nth), `tour-${nth}-light`);

  await setTheme(page, "JupyterLab Dark");
  for (let nth = 0; nth < 10; nth++) {
    await ready(all.nth(nth));
    await screenshot(all.nth(nth), `tour-${nth}-dark`);
  }
});
