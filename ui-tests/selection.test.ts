import { pathToFileURL } from "node:url";
import type { Locator } from "playwright-core";
import { attentionControl, headToggle, layerControl, pressed, token } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, later, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const isPinned = (root: Locator, side: "query" | "key", position: number) =>
  token(root, side, position).getAttribute("aria-selected");

const OBSERVED = `${PAIR}
seen = []
capture.selection.observe(lambda change: seen.append((change.name, change.new)))
`;

test("views in three cells, Python's value and its observers move together, from any of them", async ({ page }) => {
  await openNotebook(page, [
    OBSERVED,
    "capture.head_view()",
    "capture.matrix_view()",
    "capture.model_view(detail=True)",
  ]);
  const [head, matrix, model] = [view(page, "head"), view(page, "matrix"), view(page, "model")];
  for (const root of [head, matrix, model]) await ready(root, 0);

  await layerControl(head).selectOption("4");
  for (const root of [matrix, model]) await ready(root, 4);
  await headToggle(head, 7).dblclick();
  await expect.poll(() => kernel(page, "capture.selection")).toMatch(/layer=4, heads=\[7\]/);
  await expect.poll(() => kernel(page, "seen[0], seen[-1]")).toBe("(('layer', 4), ('heads', [7]))");

  await kernel(page, "capture.selection.layer = 2");
  for (const root of [head, matrix, model]) await ready(root, 2);
  await expect.poll(() => kernel(page, "seen[-1]")).toBe("('layer', 2)");

  await matrix.press("]");
  for (const root of [head, model]) await ready(root, 3);
  await expect.poll(() => kernel(page, "seen[-1], capture.selection.layer")).toBe("(('layer', 3), 3)");
});

test("a token is pinned by its text, in the page and for Python", async ({ page }) => {
  await openNotebook(page, [`${PAIR}\ncapture.select(layer=1, head=2)`, "capture.head_view()", "capture.head_view()"]);
  const [one, two] = [view(page, "head", 0), view(page, "head", 1)];
  for (const root of [one, two]) await ready(root, 1);
  expect(await pressed(two)).toBe(1);

  await kernel(page, 'capture.select(query="cat", layer=3)');
  for (const root of [one, two]) {
    await ready(root, 3);
    await expect.poll(() => isPinned(root, "query", 2)).toBe("true");
  }
  await kernel(page, 'capture.select(query=("cat", 1))');
  await expect.poll(() => isPinned(two, "query", 9)).toBe("true");
  expect(await isPinned(two, "query", 2)).toBeNull();
  await kernel(page, "capture.select(query=None)");
  await expect.poll(() => isPinned(two, "query", 9)).toBeNull();
  await expect(kernel(page, 'capture.select(query="hat")')).rejects.toThrow(
    /no query token is 'hat'; similar: 'cat' at 2/,
  );
});

const TWO = `${PAIR}
other = hs.capture(model, tokenizer, "the dog and the cat", layers=[0, 1, 2, 3])
linked = hs.link(capture, other)
`;

test("linked captures move together, as far as each can", async ({ page }) => {
  await openNotebook(page, [TWO, "capture.head_view()", "other.head_view()"]);
  const [one, two] = [view(page, "head", 0), view(page, "head", 1)];
  for (const root of [one, two]) await ready(root, 0);

  await layerControl(two).selectOption("2");
  await ready(one, 2);
  await headToggle(one, 5).dblclick();
  await expect.poll(() => pressed(two)).toBe(1);
  await token(one, "query", 2).click();
  await expect.poll(() => isPinned(two, "query", 5)).toBe("true");
  await layerControl(one).selectOption("5");
  await ready(two, 3);
  await ready(one, 5);

  await kernel(page, "linked.unlink()");
  await layerControl(one).selectOption("0");
  await expect.poll(() => kernel(page, "capture.selection.layer, other.selection.layer")).toBe("(0, 3)");
});

const LARGE = `
import time
import numpy as np
import headscope as hs

weights = [np.random.default_rng(n).dirichlet(np.full(400, 0.02), (12, 400)).astype("f2") for n in range(6)]
capture = hs.from_attentions(weights, [f"t{n}" for n in range(400)])
capture.selection.observe(lambda change: globals().update(moved=change.new), "layer")
capture.head_view(heads=[2])
`;

test("while a cell runs, missing weights still arrive and observers are notified", async ({ page }) => {
  await openNotebook(page, [LARGE]);
  const root = view(page, "head");
  await ready(root, 0);
  let isRunning = true;
  const cell = later(
    kernel(page, "while globals().get('moved') != 4: time.sleep(0.1)").then(() => {
      isRunning = false;
    }),
  );
  await layerControl(root).selectOption("3");
  await ready(root, 3);
  expect(isRunning).toBe(true);
  await layerControl(root).selectOption("4");
  await cell;
});

test("a cell saves a view as a page and as pictures, on a page or not", async ({ page, anotherPage }) => {
  await openNotebook(page, [
    `${PAIR}\nview = capture.head_view(layer=1, heads=[2], query="cat", pair="ab")\nview`,
    'view.save("figure.html", layers="shown"), view.save("figure.svg"), view.save("figure.png", scale=1)',
  ]);
  const folder = 'import os, xml.dom.minidom as dom\nprint(sorted(name for name in os.listdir() if "figure" in name))';
  // Until the front end has a thread for messages, the page's pictures come between cells.
  await expect.poll(() => kernel(page, folder)).toBe("['figure.html', 'figure.png', 'figure.svg']");
  expect(await kernel(page, 'dom.parse("figure.svg").documentElement.tagName')).toBe("'svg'");
  expect(await kernel(page, '"rug" in open("figure.svg").read()')).toBe("True");
  expect(await kernel(page, 'open("figure.png", "rb").read(8)')).toContain("PNG");
  const file = await kernel(page, 'print(os.path.abspath("figure.html"))');
  expect(await kernel(page, 'capture.text_view().save("text.svg").name')).toBe("'text.svg'");

  const alone = await anotherPage();
  await alone.goto(pathToFileURL(file).href);
  const saved = view(alone, "head");
  await ready(saved, 1);
  expect(await isPinned(saved, "query", 2)).toBe("true");
  expect(await attentionControl(saved).locator("option:checked").textContent()).toBe("A → B");
  expect(await pressed(saved)).toBe(1);
});
