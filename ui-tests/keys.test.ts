import { headToggle, layerControl, pressed, token } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, openNotebook, ready, test, view } from "./harness";

test("every key of the head view's list does what the list says", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2)"]);
  const root = view(page, "head");
  await ready(root, 2);
  await root.focus();
  const press = (key: string) => page.keyboard.press(key);

  await press("?");
  const help = root.getByLabel("Keys", { exact: true }).locator("visible=true");
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
  await press("Shift+Enter");
  await expect.poll(() => kernel(page, "capture.selection.heads")).toBe("[9]");

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

test("a table says the weights to those who read the screen", async ({ page }) => {
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
  expect(Math.abs(Number(shown) - weight)).toBeLessThan(1e-3); // three digits travel to the page
});
