import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Locator, Page } from "playwright-core";
import { column, expanded, expectNumber } from "./chain";
import { headToggle, layerControl, status, token } from "./controls";
import { PAIR, SMOLLM2 } from "./examples";
import { expect, kernel, openNotebook, RESULTS, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

/** `steps(layer, head, query)`: products, scores and softmax, computed with NumPy. */
const NUMPY = `
import json
import numpy as np

def steps(layer, head, query):
    dots = capture.queries(layer, head)[query].astype(float) @ capture.keys(layer, head).astype(float).T
    scores = capture.scores(layer, head, queries=query).astype(float).reshape(-1)
    exponentials = np.exp(scores - scores.max())
    shown = np.isfinite(scores)
    return json.dumps({
        "dot": dots.tolist(),
        "score": [score if seen else None for score, seen in zip(scores.tolist(), shown)],
        "softmax": (exponentials / exponentials.sum()).tolist(),
        "weights": capture.weights(layer, head, queries=query).reshape(-1).tolist(),
    })
`;

type Steps = Readonly<Record<"dot" | "softmax" | "weights", number[]> & { score: (number | null)[] }>;

async function numpy(page: Page, layer: number, head: number, query: number): Promise<Steps> {
  return JSON.parse(await kernel(page, `print(steps(${layer}, ${head}, ${query}))`)) as Steps;
}

/** Expects every number of the chain to equal NumPy's, and hidden keys to be blank. */
async function expectChain(root: Locator, expected: Steps): Promise<void> {
  await expect.poll(async () => (await column(root, "dot")).length).toBe(expected.dot.length);
  const [dots, scores, softmax] = [
    await column(root, "dot"),
    await column(root, "score"),
    await column(root, "softmax"),
  ];
  expected.score.forEach((score, key) => {
    const isHidden = score === null;
    expectNumber(dots[key] as string, isHidden ? null : (expected.dot[key] as number), `q · k of key ${key}`);
    expectNumber(scores[key] as string, score, `score of key ${key}`);
    expectNumber(softmax[key] as string, isHidden ? null : (expected.softmax[key] as number), `softmax of key ${key}`);
    expect(Math.abs((expected.softmax[key] as number) - (expected.weights[key] as number))).toBeLessThan(1e-5);
  });
}

test("a query of MiniLM expands by a click, moves with the pointer and the arrows, and closes", async ({ page }) => {
  await openNotebook(page, [PAIR, NUMPY, "view = capture.neuron_view(layer=2, heads=[3])\nview"]);
  const root = view(page, "neuron");
  await ready(root, 2);
  await expect.poll(() => expanded(root)).not.toBeNull();
  expect(await kernel(page, "print(view.query)")).toBe("None");
  await token(root, "query", 2).click();
  await expect.poll(() => expanded(root)).toBe("2");
  await expectChain(root, await numpy(page, 2, 3, 2));
  expect(await root.locator(".hs-notes").textContent()).toMatch(
    /differs from this row's weights by at most \d\.\de−\d+\./,
  );
  await expect.poll(() => kernel(page, "view.query")).toBe("2");

  await token(root, "query", 5).hover();
  await expect.poll(() => expanded(root)).toBe("5");
  await expectChain(root, await numpy(page, 2, 3, 5));

  await token(root, "query", 5).press("ArrowDown");
  await expect.poll(() => expanded(root)).toBe("6");
  await headToggle(root, 7).click();
  await layerControl(root).selectOption("4");
  await ready(root, 4);
  await expect.poll(() => kernel(page, "view.heads, view.layer, view.query")).toBe("([7], 4, 6)");
  await expectChain(root, await numpy(page, 4, 7, 6));

  await token(root, "query", 6).press("Enter");
  await expect.poll(() => expanded(root)).toBeNull();
  await token(root, "query", 6).press("Enter");
  await expect.poll(() => expanded(root)).toBe("6");
  await page.keyboard.press("Escape");
  await expect.poll(() => kernel(page, "print(view.query)")).toBe("None");
  expect(await expanded(root)).toBeNull();
});

test("SmolLM2's chain is rotated and causal, shares its keys, and shows the numbers of a dimension", async ({
  page,
}) => {
  await openNotebook(page, [SMOLLM2, NUMPY, "view = capture.neuron_view(layer=12, heads=[4])\nview"]);
  const root = view(page, "neuron");
  await ready(root, 12);
  await token(root, "query", 4).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => expanded(root)).toBe("4");
  await expectChain(root, await numpy(page, 12, 4, 4));
  expect((await column(root, "mask")).slice(3, 6)).toEqual(["0", "0", "−∞"]);
  const notes = await root.locator(".hs-notes").textContent();
  expect(notes).toContain("KV head 1, which heads 3 to 5 share");
  expect(notes).toContain("after their rotation");

  const chain = root.locator(".hs-chain");
  await chain.focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  const [q, k] = JSON.parse(
    await kernel(page, "json.dumps([float(capture.queries(12, 4)[4, 2]), float(capture.keys(12, 4)[1, 2])])").then(
      (text) => text.replaceAll("'", ""),
    ),
  ) as [number, number];
  await expect.poll(() => status(root).textContent()).toContain("dimension 2");
  const [, shownQ, shownK, product] =
    /q (\S+) × k (\S+) = (\S+)/.exec((await root.locator(".hs-readout").textContent()) ?? "") ?? [];
  expectNumber(shownQ ?? null, q, "q");
  expectNumber(shownK ?? null, k, "k");
  expectNumber(product ?? null, q * k, "q × k");
});

/** `capture`: vectors of 256 dimensions, too long for a view of ordinary width. */
const LONG_VECTORS = `
import headscope as hs, torch
from transformers import LlamaConfig, LlamaModel

sizes = dict(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, head_dim=256, vocab_size=64)
model = LlamaModel(LlamaConfig(**sizes)).eval()
capture = hs.capture(model, inputs={"input_ids": torch.arange(3, 15)[None]})
capture.neuron_view(layer=0, head=1, query=8)
`;

test("beside long vectors the scores and weights stay in sight, and a button goes to all numbers", async ({ page }) => {
  await openNotebook(page, [LONG_VECTORS]);
  const root = view(page, "neuron");
  await ready(root, 0);
  const box = root.locator(".hs-scroll").first();
  const isSeen = async (part: Locator) => {
    const [inner, outer] = [await part.boundingBox(), await box.boundingBox()];
    return !!inner && !!outer && inner.x >= outer.x - 1 && inner.x + inner.width <= outer.x + outer.width + 1;
  };
  const row = root.locator("[data-row='8']");
  const cell = (step: string) => row.locator(`[data-step="${step}"]`);
  await expect.poll(() => row.count()).toBe(1);
  expect(await box.evaluate((one) => one.scrollWidth > one.clientWidth)).toBe(true);
  const sights = async () => [await isSeen(cell("dot")), await isSeen(cell("score")), await isSeen(cell("softmax"))];
  expect(await sights()).toEqual([false, true, true]);
  expect(await isSeen(root.locator("[data-key='8']"))).toBe(true);
  await cell("softmax").hover();
  await expect.poll(() => status(root).textContent()).toContain("softmax");
  await root.getByRole("button", { name: "To the numbers" }).click();
  await expect.poll(sights).toEqual([true, true, true]);
  expect(await isSeen(root.locator("[data-key='8']"))).toBe(true);
});

test("layers without queries and keys say why", async ({ page }) => {
  const given = `
import numpy as np
import headscope as hs
capture = hs.from_attentions([np.full((2, 3, 3), 1 / 3)], ["a", "b", "c"])
capture.neuron_view()
`;
  const computed = `
from transformers import AutoModel, GPTJConfig
config = GPTJConfig(vocab_size=99, n_embd=32, n_layer=2, n_head=4, rotary_dim=4, n_positions=64)
another = hs.capture(AutoModel.from_config(config), inputs={"input_ids": [[5, 6, 7, 8]]})
another.neuron_view()
`;
  await openNotebook(page, [given, computed]);
  const [first, second] = [view(page, "neuron", 0), view(page, "neuron", 1)];
  await ready(first, 0);
  await ready(second, 0);
  expect(await first.textContent()).toContain("These weights were given without the queries and keys");
  expect(await second.textContent()).toContain("in code of its own");
  await token(second, "query", 2).click();
  await expect.poll(() => status(second).textContent()).toContain("layer 0, head 0");
  expect(await expanded(second)).toBeNull();
});

test("BertViz's call returns a page that expands a query without a kernel", async ({ page, anotherPage }) => {
  const call =
    'neuron_view.show(model, "bert", tokenizer, "The cat sat", "It lay down", layer=1, head=2, html_action="return")';
  await openNotebook(page, [PAIR, `from headscope.bertviz import neuron_view\npage = ${call}`]);
  const path = join(RESULTS, "neuron.html");
  writeFileSync(path, await kernel(page, "print(page.data)"));
  const alone = await anotherPage();
  await alone.goto(pathToFileURL(path).href);
  const root = view(alone, "neuron");
  await ready(root, 1);
  await token(root, "query", 1).click();
  await expect.poll(() => expanded(root)).toBe("1");
  await expect.poll(async () => (await column(root, "softmax")).length).toBe(9);
  expect(await root.locator(".hs-notes").textContent()).toMatch(/by at most \d\.\de−\d+\./);
});
