import type { Page } from "playwright-core";
import { command, expect, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const CAPTURE = `
import numpy as np
import headscope as hs

scores = np.random.default_rng(0).normal(size=(4, 3, 6, 6)) * 2
weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
capture = hs.from_attentions(list(weights), "The cat sat on the mat".split())
`;
const NO_VIEW = "1 + 1";
const TABS = ".headscope-tab .headscope";

test("the palette opens the selected cell's view in a tab, in step with the cell", async ({ page }) => {
  await openHeadView(page);
  await select(page, 1);
  await page.keyboard.press("ControlOrMeta+Shift+C");
  await page.getByPlaceholder("SEARCH", { exact: true }).fill("headscope open");
  await page.getByRole("menuitem", { name: "Open the selected cell's view in a tab" }).click();
  const [cell, tab] = [view(page, "head", 0), page.locator(TABS)];
  await ready(tab, 0);
  await page.getByRole("tab", { name: "Head view" }).waitFor();
  await tab.getByLabel("Layer", { exact: true }).selectOption("2");
  await ready(tab, 2);
  await ready(cell, 2);
});

test("the view's context menu opens it too, and the tab closes with its cell", async ({ page }) => {
  await openHeadView(page);
  await view(page, "head").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Open the selected cell's view in a tab" }).click();
  await ready(page.locator(TABS), 0);
  await select(page, 1);
  await command(page, "notebook:delete-cell");
  await page.locator(TABS).waitFor({ state: "detached" });
  expect(await page.getByRole("tab", { name: "Head view" }).count()).toBe(0);
});

test("a cell without a view says so", async ({ page }) => {
  await openHeadView(page);
  await select(page, 2);
  const enabled = () => page.evaluate(() => window.jupyterapp.commands.isEnabled("headscope:open-in-tab"));
  expect(await enabled()).toBe(false);
  await command(page, "headscope:open-in-tab");
  await page.getByText("The selected cell shows no Headscope view").waitFor();
  await select(page, 1);
  expect(await enabled()).toBe(true);
});

async function select(page: Page, index: number): Promise<void> {
  await page.evaluate((index) => {
    window.headscopeTestPanel.content.activeCellIndex = index;
  }, index);
}

async function openHeadView(page: Page): Promise<void> {
  await openNotebook(page, [CAPTURE, "capture.head_view()", NO_VIEW]);
  await ready(view(page, "head"), 0);
}
