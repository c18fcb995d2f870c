import type { Locator } from "playwright-core";
import { headToggle, layerControl, pressed, status, token } from "./controls";
import { PAIR } from "./examples";
import { expect, openVscode, ready, test, view } from "./harness/index";

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;
const CALLS = KINDS.map((kind) => (kind === "explorer" ? "capture.explorer()" : `capture.${kind}_view()`));

const THEMES = [
  ["Default Light Modern", "light", "rgb(255, 255, 255)", "rgb(59, 59, 59)"],
  ["Default Dark Modern", "dark", "rgb(31, 31, 31)", "rgb(204, 204, 204)"],
  ["Default High Contrast", "dark", "rgb(0, 0, 0)", "rgb(255, 255, 255)"],
  ["Default High Contrast Light", "light", "rgb(255, 255, 255)", "rgb(41, 41, 41)"],
] as const;

const colors = (root: Locator) =>
  root.evaluate((element) => {
    const probe = document.createElement("span");
    probe.style.background = "var(--hs-background)";
    element.append(probe);
    const found = [getComputedStyle(probe).backgroundColor, getComputedStyle(element).color];
    probe.remove();
    return found;
  });

test("VS Code's widget manager paints every view, in each of VS Code's themes", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 2900 });
  const notebook = await openVscode(page, [PAIR, ...CALLS]);
  for (const kind of KINDS) await ready(view(notebook.frame, kind), 0);
  for (const [theme, brightness, background, text] of THEMES) {
    await notebook.setTheme(theme);
    for (const kind of KINDS) {
      const root = view(notebook.frame, kind);
      await expect.poll(() => root.getAttribute("data-background")).toBe(brightness);
      await expect.poll(() => colors(root)).toEqual([background, text]);
      await ready(root, 0);
    }
    const white = await view(notebook.frame, "head").evaluate(
      (root) => getComputedStyle(root.closest(".output") as Element).backgroundColor,
    );
    expect(white).toBe("rgba(0, 0, 0, 0)");
  }
});

test("two views and Python move together, from any of them", async ({ page }) => {
  const notebook = await openVscode(page, [PAIR, "capture.head_view()", "capture.explorer()"]);
  const [head, explorer] = [view(notebook.frame, "head"), view(notebook.frame, "explorer")];
  for (const root of [head, explorer]) await ready(root, 0);

  await layerControl(head).selectOption("4");
  await ready(explorer, 4);
  await headToggle(explorer, 7).dblclick();
  await expect.poll(() => pressed(head)).toBe(1);
  await expect.poll(() => notebook.kernel("capture.selection")).toMatch(/layer=4, heads=\[7\]/);
  await token(head, "query", 2).click();
  await expect.poll(() => notebook.kernel("capture.selection.query")).toBe("2");
  await expect.poll(() => token(explorer, "query", 2).getAttribute("aria-selected")).toBe("true");

  await notebook.kernel("capture.select(layer=1, heads=[0, 3], query=None)");
  for (const root of [head, explorer]) {
    await ready(root, 1);
    await expect.poll(() => pressed(root)).toBe(2);
    await expect.poll(() => token(root, "query", 2).getAttribute("aria-selected")).toBeNull();
    expect(await status(root).textContent()).toContain("live");
  }
});

test("no plain key that is pressed in a view reaches VS Code's keymap", async ({ page }) => {
  const notebook = await openVscode(page, [PAIR, "capture.head_view()"]);
  const root = view(notebook.frame, "head");
  await ready(root, 0);
  for (const place of [root, token(root, "query", 2), headToggle(root, 3)]) {
    for (const key of ["x", "b", "a", "j", "k", "d", "d", "m", "y", "Escape", "Delete", "ArrowDown"]) {
      await place.focus();
      await page.keyboard.press(key);
    }
  }
  await page.keyboard.press("Control+k");
  await expect.poll(() => page.evaluate(() => window.workbench.keys)).toEqual(["Control", "k"]);
});
