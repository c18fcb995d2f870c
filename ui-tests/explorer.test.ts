import type { Page } from "playwright-core";
import { cell, headToggle, layerControl, pressed, token } from "./controls";
import { MINILM, PAIR } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

async function open(page: Page, call = "view = capture.explorer()\nview") {
  await openNotebook(page, [PAIR, call]);
  const root = view(page, "explorer");
  await ready(root);
  return root;
}

const aids = (root: ReturnType<typeof view>) => root.getByRole("button", { name: /^Simplify/ });

test("grid, pane, controls and Python share one selection", async ({ page }) => {
  const root = await open(page);
  await cell(root, 4, 7).click();
  await ready(root, 4);
  await expect.poll(() => kernel(page, "capture.selection.layer, capture.selection.heads")).toBe("(4, [7])");
  expect(await pressed(root)).toBe(1);
  await layerControl(root).selectOption("1");
  await expect.poll(() => cell(root, 1, 7).getAttribute("aria-pressed")).toBe("true");
  await kernel(page, "capture.selection.heads = [2, 3]");
  await expect.poll(() => headToggle(root, 7).getAttribute("aria-pressed")).toBe("false");
  expect(await cell(root, 1, 2).getAttribute("aria-pressed")).toBe("true");
});

test("each tab shows the same heads its own way, and Python reads and sets the tab", async ({ page }) => {
  const root = await open(page);
  for (const [name, value] of [
    ["Matrix", "matrix"],
    ["Neurons", "neurons"],
    ["Text", "text"],
    ["Heads", "heads"],
  ] as const) {
    await root.getByRole("tab", { name }).click();
    await ready(root, 0);
    await expect.poll(() => kernel(page, "print(view.tab)")).toBe(value);
  }
  await kernel(page, "view.tab = 'matrix'");
  await expect.poll(() => root.getByRole("tab", { name: "Matrix" }).getAttribute("aria-selected")).toBe("true");
});

test("reading aids change the view, and Python accepts them as keywords", async ({ page }) => {
  const root = await open(page);
  const numTokens = Number(await kernel(page, "len(capture.maps['self'].query_tokens)"));
  await root.getByRole("button", { name: "Hide special" }).click();
  await expect.poll(() => root.locator("[data-query]").count()).toBe(numTokens - 3);
  await expect.poll(() => kernel(page, "view.hide_special")).toBe("True");
  await kernel(page, "view.hide_special = False\nview.threshold = 0.3\ncapture.selection.heads = [0]");
  await expect.poll(() => aids(root).textContent()).toBe("Simplify (1)");
  await page.keyboard.press("Escape");
  const strong = Number(await kernel(page, "int((capture.weights(0, 0)[1] >= 0.3).sum())"));
  await token(root, "query", 1).hover();
  await expect.poll(() => root.locator("[data-key][data-weight]").count()).toBe(strong);
  expect(await root.locator(".hs-shown").textContent()).toContain("weights from 0.3");
});

test("words take the place of their tokens", async ({ page }) => {
  const text = "capture = hs.capture(model, tokenizer, 'The unbelievably kind cat')";
  await openNotebook(page, [
    `${MINILM}\n${text}`,
    "view = capture.explorer(merge_words=True, layer=2, heads=[3])\nview",
  ]);
  const root = view(page, "explorer");
  await ready(root, 2);
  const shown = await root.locator("[data-query]").allTextContents();
  expect(shown).toEqual(["[CLS]", "the", "unbelievably", "kind", "cat", "[SEP]"]);
  const sum = "capture.weights(2, 3)[:, words == words[2]].sum(1)[words == words[2]].mean()";
  const weight = await kernel(
    page,
    `import numpy as np\nwords = np.array(capture.maps['self'].query_words)\nprint(float(${sum}))`,
  );
  await token(root, "query", 2).hover();
  // The page adds up weights of three digits.
  await expect
    .poll(async () => Math.abs(Number(await token(root, "key", 2).getAttribute("data-weight")) - Number(weight)))
    .toBeLessThan(5e-4);
  expect(await root.locator(".hs-shown").textContent()).toContain("sum over keys, mean over queries");
});
