import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { cell, headToggle, layerControl, pressed, token } from "./controls";
import { PAIR } from "./examples";
import { command, expect, kernel, later, openNotebook, RESULTS, ready, setTheme, test, view } from "./harness/index";

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;

const CALLS = KINDS.map((kind) => (kind === "explorer" ? "capture.explorer()" : `capture.${kind}_view()`));

test("Notebook 7 shows every view, in light and in dark, and they move together", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 6000 });
  await openNotebook(page, [PAIR, ...CALLS], { app: "notebook" });
  const all = KINDS.map((kind) => view(page, kind));
  for (const root of all) await ready(root, 0);
  await layerControl(all[0] as Locator).selectOption("3");
  await cell(view(page, "explorer"), 2, 5).click();
  for (const root of all) await ready(root, 2);
  await token(all[0] as Locator, "query", 2).click();
  await expect.poll(() => kernel(page, "capture.selection")).toMatch(/layer=2, heads=\[5\].*query=2/);
  await page.mouse.move(0, 0);
  for (const theme of ["JupyterLab Light", "JupyterLab Dark"] as const) {
    await setTheme(page, theme);
    const background = theme === "JupyterLab Dark" ? "dark" : "light";
    for (const root of all) {
      await root.locator(`xpath=self::*[@data-background="${background}"]`).waitFor();
      await ready(root, 2);
    }
  }
});

test("pictures and pages are saved from Notebook 7, and the view is copied as Python", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2, heads=[9])"], { app: "notebook" });
  const root = view(page, "head");
  await ready(root, 2);
  const open = () => root.getByRole("button", { name: "Export" }).click();
  for (const [entry, start] of [
    ["SVG", "<svg"],
    ["PNG (2x)", "\u0089PNG"],
    ["HTML page: this layer", "<!doctype html>"],
  ] as const) {
    const item = root.getByRole("button", { name: entry, exact: true });
    await open();
    const [file] = await Promise.all([page.waitForEvent("download"), item.click()]);
    const path = join(RESULTS, file.suggestedFilename());
    await file.saveAs(path);
    expect(readFileSync(path, "latin1").toLowerCase()).toContain(start.toLowerCase());
  }
  await open();
  await root.getByRole("button", { name: "Copy as Python", exact: true }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toContain("capture.head_view(layer=2, heads=[9]");
});

test("Notebook 7 has the commands and shortcuts that work in it", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2, heads=[9])"], { app: "notebook" });
  const root = view(page, "head");
  await ready(root, 2);
  await root.focus();
  await page.keyboard.press("Alt+PageDown");
  await ready(root, 3);
  await command(page, "headscope:previous-layer");
  await ready(root, 2);
  await command(page, "headscope:copy-as-python");
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toContain("capture.head_view(layer=2, heads=[9]");
  const file = later(page.waitForEvent("download"));
  await command(page, "headscope:export", { format: "svg" });
  expect((await file).suggestedFilename()).toMatch(/\.svg$/);
});

/** The state that Notebook's shortcuts would change. */
function notebookState(page: Page) {
  return page.evaluate(() => {
    const { content } = window.headscopeTestPanel;
    return {
      mode: content.mode,
      cells: content.widgets.map(({ model }) => `${model.type} ${model.sharedModel.getSource()}`),
      active: content.activeCellIndex,
      inputs: content.widgets.map((one) => one.inputHidden),
    };
  });
}

for (const app of ["lab", "notebook"] as const) {
  test(`${app}: the keys of a view do not trigger the notebook's shortcuts`, async ({ page }) => {
    await openNotebook(page, [PAIR, "capture.head_view(layer=2)"], { app });
    const root = view(page, "head");
    await ready(root, 2);
    await root.focus();
    const before = await notebookState(page);
    await page.keyboard.press("]");
    await ready(root, 3);
    await page.keyboard.press("ArrowUp");
    await ready(root, 2);
    await page.keyboard.press("1"); // Notebook: a heading
    await expect.poll(() => headToggle(root, 1).getAttribute("aria-pressed")).toBe("false");
    for (const isOn of ["false", "true"]) {
      await page.keyboard.press("0"); // twice: restart the kernel
      await expect.poll(() => headToggle(root, 0).getAttribute("aria-pressed")).toBe(isOn);
    }
    await page.keyboard.press("a"); // a cell above
    await expect.poll(() => pressed(root)).toBe(12);
    await token(root, "query", 2).focus();
    await page.keyboard.press("Enter"); // edit the cell
    await expect.poll(() => token(root, "query", 2).getAttribute("aria-selected")).toBe("true");
    await page.keyboard.press("Escape"); // command mode
    await expect.poll(() => token(root, "query", 2).getAttribute("aria-selected")).toBeNull();
    await page.keyboard.press("/");
    await page.keyboard.type("xdd"); // cut and delete cells
    await expect.poll(() => root.getByLabel("Find a token").inputValue()).toBe("xdd");
    expect(await notebookState(page)).toEqual(before);
    // Once the focus has left the view, the same keys are the notebook's again.
    await page.evaluate(() => window.headscopeTestPanel.content.activeCell?.node.focus());
    await page.keyboard.press("b");
    await expect.poll(async () => (await notebookState(page)).cells.length).toBe(before.cells.length + 1);
  });
}
