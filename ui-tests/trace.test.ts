import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { reach, token } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, openNotebook, RESULTS, ready, setTheme, shareJupyterLab, test, view } from "./harness/index";
import { resize, SIZES } from "./sizes";

shareJupyterLab();

const button = (root: Locator) => root.getByRole("button", { name: "Trace", exact: true, includeHidden: true });
const map = (root: Locator) => root.locator(".hs-trace-map");
const title = (root: Locator) => root.locator(".hs-trace-title");
const readout = (root: Locator) => root.locator(".hs-trace-readout");
const strongest = (root: Locator) => root.locator(".hs-trace-head");
const isDone = (root: Locator) =>
  expect.poll(() => root.locator(".hs-trace-axes").textContent()).not.toContain("computing");

/** Points at the cell of a head. */
async function pointAt(root: Locator, layer: number, head: number, click = false): Promise<void> {
  const pitch = Number(await map(root).getAttribute("data-pitch"));
  const position = { x: (head + 0.5) * pitch, y: (layer + 0.5) * pitch };
  await (click ? map(root).click({ position }) : map(root).hover({ position }));
}

/** The strongest head of an array in Python, as the view names it. */
const best = `
def best(a):
    import numpy as np
    layer, head = np.unravel_index(np.nanargmax(a), a.shape)
    return f"L{layer} H{head} {a[layer, head]:#.3g}"
`;

test("one click says which head does it, as capture.weights does, and another shows that head", async ({ page }) => {
  await openNotebook(page, [`${PAIR}${best}`, "view = capture.head_view(layer=1, query=2)\nview"]);
  const root = view(page, "head");
  await ready(root, 1);
  await button(root).click();
  await expect.poll(() => title(root).textContent()).toBe("From “cat” [2] to its strongest key");
  await isDone(root);
  await expect
    .poll(() => strongest(root).first().textContent())
    .toBe(await kernel(page, "print(best(capture.trace(query=2)))"));
  const beside = "[c for c in range(15) if c not in (0, 7, 14)]";
  const weight = await kernel(page, `print(f"{capture.weights(2, 9)[2, ${beside}].max():#.3g}")`);
  await pointAt(root, 2, 9);
  await expect.poll(() => readout(root).textContent()).toContain(`Layer 2, head 9   ${weight}`);
  expect(await readout(root).textContent()).toContain(" → “cat” [9]");

  await token(root, "key", 9).click();
  await expect.poll(() => title(root).textContent()).toBe("From “cat” [2] to “cat” [9]");
  await isDone(root);
  const exact = await kernel(page, 'print(f"{capture.weights(2, 9)[2, 9]:#.3g}")');
  await pointAt(root, 2, 9, true);
  await expect.poll(() => readout(root).textContent()).toContain(`Layer 2, head 9   ${exact}`);
  await expect.poll(() => kernel(page, "print(view.layer, view.heads)")).toBe("2 [9]");
  await ready(root, 2);
  expect(await button(root).getAttribute("aria-pressed")).toBe("true");
  expect(await kernel(page, "view.trace")).toBe("True");

  await kernel(page, "view.select(query=None)");
  await expect.poll(() => title(root).textContent()).toBe("To “cat” [9], mean over all queries");
  await isDone(root);
  const mean = await kernel(page, 'print(f"{capture.weights(4, 3)[:, 9].mean():#.3g}")');
  await pointAt(root, 4, 3);
  await expect.poll(() => readout(root).textContent()).toContain(mean);
  await kernel(page, "view.select(key=None)");
  await expect.poll(() => title(root).textContent()).toContain("Pin a token");
});

test("the map is used by keyboard, and names what a note calls a head", async ({ page }) => {
  await openNotebook(page, [
    PAIR,
    'capture.note(2, 9, "same token")\nview = capture.explorer(layer=1, heads=[8], query=2, trace=True)\nview',
  ]);
  const root = view(page, "explorer");
  await ready(root, 1);
  await isDone(root);
  await button(root).focus();
  await map(root).focus();
  for (const key of ["ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
  await expect.poll(() => readout(root).textContent()).toContain("Layer 2, head 9: same token");
  await page.keyboard.press("Enter");
  await expect.poll(() => kernel(page, "print(view.layer, view.heads)")).toBe("2 [9]");
});

test("the trace is in sight in every view at every size, light and dark", async ({ page }) => {
  mkdirSync(RESULTS, { recursive: true });
  await openNotebook(page, [PAIR, "capture.explorer(layer=2, heads=[9], query=2, trace=True)"]);
  const root = view(page, "explorer");
  for (const theme of ["JupyterLab Light", "JupyterLab Dark"] as const) {
    await setTheme(page, theme);
    for (const [width, height] of SIZES) {
      await resize(page, width, height);
      await ready(root, 2);
      await isDone(root);
      const panel = root.locator(".hs-trace");
      const fits = await panel.evaluate((one) => one.scrollWidth <= one.clientWidth + 1);
      expect(fits, `${theme} ${width}`).toBe(true);
      await page.screenshot({ path: join(RESULTS, `trace-${theme.split(" ")[1]}-${width}.png`) });
      await reach(button(root), (one) => one.click());
      await expect.poll(() => panel.isVisible()).toBe(false);
      await reach(button(root), (one) => one.click());
      await expect.poll(() => panel.isVisible()).toBe(true);
    }
  }
});
