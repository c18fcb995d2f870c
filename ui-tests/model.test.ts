import { attentionControl, cell, detail, headToggle, layerControl, pressed, status, token } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

test("every head is a cell; a click opens it, closes it or replaces it", async ({ page }) => {
  await openNotebook(page, [PAIR, "view = capture.model_view()\nview"]);
  const root = view(page, "model");
  await ready(root);
  expect(await root.getByRole("button", { name: /^Layer \d+ head \d+$/ }).count()).toBe(72);

  await cell(root, 4, 7).click();
  await ready(root, 4);
  await expect.poll(() => detail(root, "Layer 4, Head 7").isVisible()).toBe(true);
  await expect.poll(() => kernel(page, "view.layer, view.heads, view.detail")).toBe("(4, [7], True)");

  await cell(root, 1, 2).click();
  await ready(root, 1);
  await expect.poll(() => detail(root, "Layer 1, Head 2").isVisible()).toBe(true);
  const weight = Number(await kernel(page, "float(capture.weights(1, 2)[3].max())"));
  await token(root, "query", 3).hover();
  await expect.poll(() => status(root).textContent()).toContain(weight.toPrecision(3));

  await cell(root, 1, 2).click();
  await expect.poll(() => kernel(page, "view.detail")).toBe("False");
  await expect.poll(() => detail(root, "Layer 1, Head 2").isVisible()).toBe(false);
});

test("after another choice of sentences the first click on the open cell closes it", async ({ page }) => {
  await openNotebook(page, [PAIR, "view = capture.model_view()\nview"]);
  const root = view(page, "model");
  await ready(root);
  await cell(root, 0, 1).click();
  await expect.poll(() => kernel(page, "view.detail")).toBe("True");
  await attentionControl(root).selectOption({ label: "A → B" });
  await ready(root, 0);
  await cell(root, 0, 1).click();
  await expect.poll(() => kernel(page, "view.detail")).toBe("False");
});

test("the grid, its detail and a head view in another cell stay in step", async ({ page }) => {
  await openNotebook(page, [
    PAIR,
    "model = capture.model_view(detail=True)\nmodel",
    "head = capture.head_view()\nhead",
  ]);
  const [model, head] = [view(page, "model"), view(page, "head")];
  await ready(model, 0);
  await cell(model, 3, 9).click();
  await ready(head, 3);
  await expect.poll(() => pressed(head)).toBe(1);

  await layerControl(head).selectOption("5");
  await ready(model, 5);
  await headToggle(head, 9).press("Enter");
  await expect.poll(() => kernel(page, "len(model.heads), model.layer")).toBe("(12, 5)");

  await kernel(page, "capture.selection.layer = 2\ncapture.selection.heads = [4]");
  await ready(model, 2);
  await ready(head, 2);
  await expect.poll(() => detail(model, "Layer 2, Head 4").isVisible()).toBe(true);
});

test("only the chosen layers and heads are shown", async ({ page }) => {
  await openNotebook(page, [PAIR, "view = capture.model_view(include_layers=[1, 4], include_heads=[0, 5, 11])\nview"]);
  const root = view(page, "model");
  await ready(root);
  expect(await root.getByRole("button", { name: /^Layer \d+ head \d+$/ }).count()).toBe(6);
  expect(await cell(root, 4, 11).count()).toBe(1);
});

test("the keyboard moves from cell to cell", async ({ page }) => {
  await openNotebook(page, [PAIR, "view = capture.model_view()\nview"]);
  const root = view(page, "model");
  await ready(root);
  await cell(root, 0, 0).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect.poll(() => kernel(page, "view.layer, view.heads")).toBe("(1, [1])");
});
