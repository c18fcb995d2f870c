import { cell, headToggle, layerControl, pressed, token } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

test("every key of the head view's list does what the list says", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2, follow=True)"]);
  const root = view(page, "head");
  await ready(root, 2);
  await root.focus();
  const press = (key: string) => page.keyboard.press(key);

  await press("?");
  const help = root.getByLabel("Help", { exact: true }).locator("visible=true");
  const listed = await root.locator(".hs-help dt").allTextContents();
  expect(listed.length).toBeGreaterThan(8);
  expect(await help.count()).toBeGreaterThan(1);
  await press("Escape");
  await expect.poll(() => root.locator(".hs-help").isVisible()).toBe(false);

  await press("]");
  await ready(root, 3);
  await press("[");
  await ready(root, 2);
  await press("ArrowDown");
  await ready(root, 3);
  await press("ArrowUp");
  await ready(root, 2);

  await press("5");
  await expect.poll(() => headToggle(root, 5).getAttribute("aria-pressed")).toBe("false");
  await press("a");
  await expect.poll(() => pressed(root)).toBe(12);
  await headToggle(root, 9).focus();
  await press("Enter");
  await expect.poll(() => kernel(page, "capture.selection.heads")).toBe("[9]");
  await press("ArrowRight");
  await press("Shift+Enter");
  await expect.poll(() => kernel(page, "capture.selection.heads")).toBe("[9, 10]");
  await press("Space");
  await expect.poll(() => kernel(page, "capture.selection.heads")).toBe("[10]");
  await press("Space");
  await expect.poll(() => pressed(root)).toBe(12);

  await token(root, "query", 0).focus();
  await press("ArrowDown");
  await press("ArrowDown");
  await press("Enter");
  await expect.poll(() => token(root, "query", 2).getAttribute("aria-selected")).toBe("true");
  await press("ArrowRight");
  expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.key)).toBe("2");
  await press("Escape");
  await expect.poll(() => kernel(page, "print(capture.selection.query)")).toBe("None");

  await press("/");
  await page.keyboard.type("rug");
  await press("Enter");
  await expect.poll(() => kernel(page, "capture.selection.query")).toBe("13");
  expect(await layerControl(root).inputValue()).toBe("2");
});

test("a table gives the weights to screen readers", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2, heads=[9], query='cat')"]);
  const root = view(page, "head");
  await ready(root, 2);
  const summary = root.getByText("Weights as a table");
  await summary.focus();
  await page.keyboard.press("Enter");
  const rows = root.getByRole("table").getByRole("row");
  await expect.poll(() => rows.count()).toBe(16);
  const weight = Number(await kernel(page, "float(capture.weights(2, 9)[2, 9])"));
  const [name, shown] = await rows.nth(10).getByRole("cell").allTextContents();
  expect(name).toBe("cat");
  expect(Math.abs(Number(shown) - weight)).toBeLessThan(1e-3); // Three digits reach the page.
});

test("every key of the matrix's list does what the list says", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.matrix_view(layer=2, heads=[3])"]);
  const root = view(page, "matrix");
  await ready(root, 2);
  const at = async () => [
    await root.locator(".hs-tick.hs-at[data-query]").getAttribute("data-query"),
    await root.locator(".hs-tick.hs-at[data-key]").getAttribute("data-key"),
  ];
  const times = () => root.locator(".hs-zoom-times").textContent();
  const first = () => root.locator(".hs-tick[data-query]").first().getAttribute("data-query");
  const pin = () => kernel(page, "print(capture.selection.query, capture.selection.key)");
  const press = (key: string) => page.keyboard.press(key);

  await root.locator(".hs-panels").focus();
  await press("ArrowDown");
  const places: [string, string[]][] = [
    ["PageUp", ["0", "7"]],
    ["Home", ["0", "0"]],
    ["ArrowRight", ["0", "1"]],
    ["End", ["0", "14"]],
    ["PageDown", ["14", "14"]],
    ["ArrowUp", ["13", "14"]],
    ["ArrowLeft", ["13", "13"]],
  ];
  for (const [key, place] of places) {
    await press(key);
    await expect.poll(at, { message: key }).toEqual(place);
  }
  await press("Enter");
  await expect.poll(pin).toBe("13 13");
  await press("Enter");
  await expect.poll(pin).toBe("None None");
  await press("Enter");
  await press("Escape");
  await expect.poll(pin).toBe("None None");

  for (const [key, zoom] of [
    ["+", "1.5×"],
    ["-", "1.0×"],
    ["+", "1.5×"],
  ] as const) {
    await press(key);
    await expect.poll(times, { message: key }).toBe(zoom);
  }
  const before = Number(await first());
  await press("Shift+ArrowUp");
  await expect.poll(async () => Number(await first())).toBeLessThan(before);
  await press("0");
  await expect.poll(times).toBe("1.0×");
  await press("]");
  await ready(root, 3);
  await press("[");
  await ready(root, 2);
  await press("5");
  await expect.poll(() => pressed(root)).toBe(2);
  await press("a");
  await expect.poll(() => pressed(root)).toBe(12);
});

test("every key of the explorer's list does what the list says, and each tab lists its own", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.explorer(layer=2, follow=True)", "capture.model_view()"]);
  const [root, model] = [view(page, "explorer"), view(page, "model")];
  await ready(root, 2);
  const press = (key: string) => page.keyboard.press(key);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  const listed = async () => {
    await press("?");
    const keys = await root.locator(".hs-help dt").allTextContents();
    await press("?");
    return keys;
  };

  await root.focus();
  expect(await listed()).toEqual(expect.arrayContaining(["[  ]", "0 to 9", "a", "/", "?", "Esc"]));
  await press("]");
  await ready(root, 3);
  await press("5");
  await expect.poll(() => pressed(root)).toBe(11);
  await press("a");
  await expect.poll(() => pressed(root)).toBe(12);

  await cell(root, 0, 0).focus();
  for (const [key, name] of [
    ["ArrowRight", "Layer 0 head 1"],
    ["ArrowDown", "Layer 1 head 1"],
    ["End", "Layer 1 head 11"],
    ["ArrowLeft", "Layer 1 head 10"],
    ["Home", "Layer 1 head 0"],
    ["ArrowUp", "Layer 0 head 0"],
  ] as const) {
    await press(key);
    await expect.poll(focused, { message: key }).toBe(name);
  }
  await press("Enter");
  await expect.poll(() => kernel(page, "capture.selection.layer, capture.selection.heads")).toBe("(0, [0])");

  await root.getByRole("tab", { name: "Heads" }).focus();
  for (const [tab, own] of [
    ["Matrix", "+  −"],
    ["Neurons", "Enter"],
    ["Text", "← →"],
  ] as const) {
    await press("ArrowRight");
    await expect.poll(() => root.getByRole("tab", { name: tab }).getAttribute("aria-selected")).toBe("true");
    expect(await listed()).toContain(own);
  }
  await press("/");
  await page.keyboard.type("rug");
  await press("Enter");
  await expect.poll(() => kernel(page, "capture.selection.query")).toBe("13");

  await cell(model, 4, 2).focus();
  await press("Enter");
  await model.getByRole("heading", { name: "Layer 4, Head 2", exact: true }).waitFor();
  await press("Enter");
  await expect.poll(() => model.getByRole("heading", { name: "Layer 4, Head 2", exact: true }).count()).toBe(0);
  await press("[");
  await ready(model, 3);
});
