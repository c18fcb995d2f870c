import type { Locator } from "playwright-core";
import { expanded } from "./chain";
import { attentionControl, cell, headToggle, status, token } from "./controls";
import { PAIR, SMOLLM2 } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";
import { resize, SIZES } from "./sizes";

shareJupyterLab();

const readout = (root: Locator) => root.locator(".hs-readout");
const heading = (root: Locator) => root.locator(".hs-heading");

/** The pixels of the thumbnails. */
const thumbnails = (root: Locator) =>
  root.locator(".hs-grid canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

test("the chosen sentences hold in thumbnails, in their largest weight and in every readout", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.model_view()", "capture.neuron_view()"]);
  const root = view(page, "model");
  await ready(root);
  const pictures = new Set<string>();
  for (const [label, pair] of [
    ["All", "all"],
    ["B → B", "bb"],
    ["A → B", "ab"],
  ] as const) {
    await attentionControl(root).selectOption({ label });
    await ready(root);
    await expect.poll(() => kernel(page, "capture.selection.pair")).toBe(`'${pair}'`);
    pictures.add(await thumbnails(root));
    const ends = { all: "[:, :]", bb: "[8:, 8:]", ab: "[:8, 8:]" }[pair];
    const most = Number(await kernel(page, `float(capture.weights(3, 9)${ends}.max())`));
    await cell(root, 3, 9).hover();
    await expect.poll(() => readout(root).textContent()).toContain(`largest weight ${most.toPrecision(3)}`);
  }
  expect(pictures.size).toBe(3);
  expect(await readout(root).textContent()).not.toContain("[CLS]");

  await kernel(page, "capture.select(layer=1, head=2, query=2)");
  const neurons = view(page, "neuron");
  await ready(neurons, 1);
  const keys = await neurons.locator(".hs-key > .hs-token").allTextContents();
  await expect.poll(() => readout(neurons).textContent()).toContain(" → ");
  const named = /→ (\S+)/.exec((await readout(neurons).textContent()) ?? "")?.[1];
  expect(keys).toContain(named);
});

test("of several heads the readout names the strongest pairs of a head and a key, then the mean", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2)"]);
  const root = view(page, "head");
  for (const [width, height] of SIZES) {
    await resize(page, width, height);
    await ready(root, 2);
    await token(root, "query", 2).hover();
    const best = "import numpy as np; w = np.stack([capture.weights(2, h)[2] for h in range(12)])";
    const [head, weight] = JSON.parse(
      await kernel(page, `${best}; print([int(w.max(1).argmax()), float(w.max())])`),
    ) as [number, number];
    await expect.poll(() => readout(root).textContent()).toContain(weight.toPrecision(3));
    expect(await readout(root).locator(".hs-chip").first().textContent()).toBe(String(head));
    const mean = Number(await kernel(page, "float(w.mean(0).max())"));
    expect(await readout(root).textContent()).toContain("mean of 12 heads: ");
    expect(await readout(root).textContent()).toContain(mean.toPrecision(3));
    await page.mouse.move(0, 0);
  }
});

test("the Neurons tab says whose chain it shows, marks that head, and steps through the heads", async ({ page }) => {
  await openNotebook(page, [PAIR, 'view = capture.explorer(tab="neurons", layer=2)\nview']);
  const root = view(page, "explorer");
  await ready(root, 2);
  const marked = () =>
    root.locator(".hs-cell[aria-pressed=true]").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  await expect.poll(() => heading(root).textContent()).toMatch(/layer 2, head 0$/);
  expect(await marked()).toEqual(["Layer 2 head 0"]);
  expect(await headToggle(root, 0).getAttribute("data-pale")).toBeNull();
  expect(await headToggle(root, 5).getAttribute("data-pale")).toBe("");
  await root.getByRole("button", { name: "Next head" }).click();
  await expect.poll(() => kernel(page, "view.heads")).toBe("[1]");
  await expect.poll(() => heading(root).textContent()).toMatch(/layer 2, head 1$/);
  expect(await marked()).toEqual(["Layer 2 head 1"]);
});

test("the neuron view starts with its strongest query, and pins nothing until the reader does", async ({ page }) => {
  await openNotebook(page, [PAIR, "view = capture.neuron_view(layer=2, heads=[9])\nview"]);
  const root = view(page, "neuron");
  await ready(root, 2);
  await expect.poll(() => expanded(root)).toMatch(/^\d+$/);
  await expect.poll(() => status(root).textContent()).toContain("softmax");
  expect(await kernel(page, "print(view.query)")).toBe("None");
  await token(root, "query", 4).click();
  await expect.poll(() => kernel(page, "print(view.query)")).toBe("4");
  await token(root, "query", 4).click();
  await expect.poll(() => expanded(root)).toBeNull();
});

test("every view bears a title that says what is on screen", async ({ page }) => {
  const kinds = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;
  await page.setViewportSize({ width: 1280, height: 3000 });
  await openNotebook(page, [
    `${PAIR}\ncapture.select(layer=4, heads=[7])`,
    ...kinds.map((kind) => (kind === "explorer" ? "capture.explorer()" : `capture.${kind}_view()`)),
  ]);
  await kernel(page, "capture.selection.pair = 'ab'");
  for (const kind of kinds) {
    const place = kind === "model" ? "all layers" : "layer 4, head 7";
    await expect.poll(() => heading(view(page, kind)).textContent()).toMatch(new RegExp(`, A → B, ${place}$`));
  }
});

const CLASSIFIER = `${PAIR}
import torch
from transformers import AutoModelForSequenceClassification

torch.manual_seed(0)
labels = {0: "entailment", 1: "neutral", 2: "contradiction"}
judge = AutoModelForSequenceClassification.from_pretrained(path, num_labels=3, id2label=labels)
judged = hs.capture(judge, tokenizer, "The cat sat on the mat", "The cat lay on the rug")
inputs = tokenizer("The cat sat on the mat", "The cat lay on the rug", return_tensors="pt")
p = judge(**inputs).logits[0].softmax(-1).topk(3)
best = [(labels[int(i)], float(one)) for i, one in zip(p.indices, p.values)]
`;

const WRITER = `${SMOLLM2}
def best(at):
    p = model(**tokenizer("The keys to the cabinet are on the table", return_tensors="pt")).logits[0, at].softmax(-1).topk(3)
    return [(tokenizer.decode(i), float(one)) for i, one in zip(p.indices, p.values)]
`;

/** Whether a text names these, each followed by its probability, in this order. */
function names(text: string | null, lead: string, best: readonly [string, number][]): boolean {
  let rest = text?.split(`${lead}: `)[1] ?? "";
  return best.every(([name, probability]) => {
    const said = `${name.trim() || JSON.stringify(name)} `;
    const number = Number(/^[\d.]+/.exec(rest.slice(said.length))?.[0]);
    const isNamed = rest.startsWith(said) && Math.abs(number - probability) < 0.001;
    rest = rest.slice(said.length).replace(/^[\d.]+,?\s*/, "");
    return isNamed;
  });
}

test("what the model predicts stands beside the title, and at a token in its readout", async ({ page }) => {
  await openNotebook(page, [CLASSIFIER, "judged.head_view()", "judged.explorer()"]);
  const labels = JSON.parse(await kernel(page, "import json; print(json.dumps(best))"));
  for (const [width, height] of SIZES) {
    await resize(page, width, height);
    for (const kind of ["head", "explorer"] as const) {
      const said = view(page, kind).locator(".hs-predicted");
      await expect.poll(async () => names(await said.textContent(), "predicted", labels)).toBe(true);
      expect(await said.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThan(2);
    }
  }

  await resize(page, ...SIZES[0]);
  await openNotebook(page, [WRITER, "capture.head_view(layer=3)"]);
  const root = view(page, "head");
  await ready(root, 3);
  const next = JSON.parse(await kernel(page, "import json; print(json.dumps(best(-1)))"));
  await expect.poll(async () => names(await root.locator(".hs-predicted").textContent(), "next", next)).toBe(true);
  const here = JSON.parse(await kernel(page, "print(json.dumps(best(2)))"));
  await token(root, "query", 2).hover();
  await expect.poll(async () => names(await readout(root).textContent(), "next", here)).toBe(true);
});
