import type { Locator, Page } from "playwright-core";
import { formatWeight } from "../src/core/look/format";
import { attentionControl, headToggle, layerControl, pressed, token } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

async function open(page: Page, options = "layer=2, heads=[3]"): Promise<Locator> {
  await openNotebook(page, [PAIR, `view = capture.head_view(${options}, follow=True)\nview`]);
  const root = view(page, "head");
  await ready(root, 2);
  return root;
}

test("a layer is switched by the control, by keys and from Python, and Python reads it", async ({ page }) => {
  const root = await open(page);
  await layerControl(root).selectOption("4");
  await ready(root, 4);
  await expect.poll(() => kernel(page, "view.layer, capture.selection.layer")).toBe("(4, 4)");

  await layerControl(root).focus();
  await page.keyboard.press("ArrowDown");
  await ready(root, 5);
  await expect.poll(() => kernel(page, "view.layer")).toBe("5");

  await kernel(page, "view.layer = 1");
  await ready(root, 1);
  expect(await layerControl(root).inputValue()).toBe("1");

  await root.press("]");
  await ready(root, 2);
  await expect.poll(() => kernel(page, "view.layer")).toBe("2");
});

test("a click shows a head alone, a modifier adds or removes it, and the last one stays", async ({ page }) => {
  const root = await open(page, "layer=2");
  expect(await pressed(root)).toBe(12);
  await headToggle(root, 5).click({ modifiers: ["Control"] });
  await expect.poll(() => pressed(root)).toBe(11);
  await expect.poll(() => kernel(page, "view.heads")).toBe("[0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]");
  await headToggle(root, 5).click();
  await expect.poll(() => kernel(page, "view.heads")).toBe("[5]");
  await headToggle(root, 5).click({ modifiers: ["Shift"] });
  await expect.poll(() => pressed(root)).toBe(1);
  await headToggle(root, 7).click({ modifiers: ["Meta"] });
  await expect.poll(() => kernel(page, "view.heads")).toBe("[5, 7]");
  await headToggle(root, 7).dblclick();
  await expect.poll(() => kernel(page, "view.heads")).toBe("[7]");
  await headToggle(root, 7).click();
  await expect.poll(() => pressed(root)).toBe(12);
  await kernel(page, "view.heads = [1, 2]");
  await expect.poll(() => pressed(root)).toBe(2);
});

test("hovering shows the model's own weight as a number, and a click pins it for Python", async ({ page }) => {
  const root = await open(page);
  const weight = Number(await kernel(page, "float(capture.weights(2, 3)[2, 3])"));
  await token(root, "query", 2).hover();
  await expect.poll(() => token(root, "key", 3).getAttribute("data-weight")).toBe(weight.toPrecision(3));
  const shown = await token(root, "key", 3).evaluate((element) => getComputedStyle(element, "::after").content);
  expect(shown).toContain(weight.toPrecision(3));
  await token(root, "query", 2).click();
  await expect.poll(() => kernel(page, "view.query")).toBe("2");
  await token(root, "key", 3).hover();
  await expect.poll(() => root.textContent()).toMatch(/layer 2, head 3/);
  await page.keyboard.press("Escape");
  await expect.poll(() => kernel(page, "print(view.query)")).toBe("None");
});

test("every weight in the view equals the model's own to its last digit", async ({ page }) => {
  const root = await open(page);
  const weights: number[][] = JSON.parse(await kernel(page, "capture.weights(2, 3).tolist()"));
  for (const [query, row] of weights.entries()) {
    await token(root, "query", query).hover();
    const keys = () => row.map((_, key) => token(root, "key", key).getAttribute("data-weight"));
    const shown = row.map((weight) => (weight < 0.005 ? null : formatWeight(weight)));
    await expect.poll(() => Promise.all(keys())).toEqual(shown);
  }
});

test("the pair filter hides sentences", async ({ page }) => {
  const root = await open(page);
  const attention = attentionControl(root);
  expect(await attention.locator("option").allTextContents()).toEqual(["All", "A → A", "B → B", "A → B", "B → A"]);
  const shown = async (side: string) =>
    (await root.locator(`[data-${side}]:visible`).allTextContents()).filter((text) => text.trim()).length;
  expect([await shown("query"), await shown("key")]).toEqual([15, 15]);
  await attention.selectOption({ label: "A → B" });
  await expect.poll(async () => [await shown("query"), await shown("key")]).toEqual([8, 7]);
});

test("two views of a capture stay in step, in the page and in Python", async ({ page }) => {
  await openNotebook(page, [PAIR, "one = capture.head_view()\none", "two = capture.head_view()\ntwo"]);
  const [one, two] = [view(page, "head", 0), view(page, "head", 1)];
  await ready(one, 0);
  await ready(two, 0);
  await layerControl(two).selectOption("3");
  await ready(one, 3);
  await expect.poll(() => kernel(page, "one.layer, two.layer")).toBe("(3, 3)");
  await headToggle(one, 7).dblclick();
  await expect.poll(() => pressed(two)).toBe(1);
});

test("a small capture no longer needs the kernel once the page has all of it", async ({ page, guard }) => {
  guard.allow(/Could not send widget sync message/, "ipywidgets can't tell the kernel, which this test ends");
  const answered = new Set<string>();
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => count(String(payload), answered)));
  const root = await open(page);
  await expect.poll(() => answered.size, { timeout: 30_000 }).toBe(5); // The first layer came with the view.
  await page.evaluate(() => window.headscopeTestPanel.sessionContext.session?.kernel?.shutdown());
  for (const layer of ["0", "5", "3"]) {
    await layerControl(root).selectOption(layer);
    await ready(root, Number(layer));
  }
});

/** Collects the ids of requests that the kernel has completed. */
function count(frame: string, into: Set<string>): void {
  for (const [, id] of frame.matchAll(/"type": ?"blocks", ?"id": ?"([^"]+)", ?"done": ?true/g)) into.add(id as string);
}
