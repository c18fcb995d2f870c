import type { Locator } from "playwright-core";
import { choose, headToggle, layerControl, token } from "./controls";
import { PAIR } from "./examples";
import { expect, openVscode, ready, test, type VscodeNotebook, view } from "./harness/index";

async function open(notebook: VscodeNotebook, kind: "head" | "matrix" | "text"): Promise<Locator> {
  const root = view(notebook.frame, kind);
  await ready(root, 0);
  return root;
}

const value = (notebook: VscodeNotebook, expression: string) =>
  expect.poll(() => notebook.kernel(expression), { message: expression });

test("layer, heads and tokens are switched by hand and read back in Python", async ({ page }) => {
  const notebook = await openVscode(page, [PAIR, "view = capture.head_view()\nview"]);
  const head = await open(notebook, "head");
  await head.getByRole("button", { name: "Next layer" }).click();
  await value(notebook, "view.layer").toBe("1");
  await layerControl(head).selectOption("5");
  await value(notebook, "view.layer").toBe("5");
  await head.press("[");
  await value(notebook, "view.layer").toBe("4");
  await headToggle(head, 3).click({ modifiers: ["Control"] });
  await value(notebook, "view.heads").toBe("[0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]");
  await headToggle(head, 3).click();
  await value(notebook, "view.heads").toBe("[3]");
  await token(head, "query", 5).click();
  await value(notebook, "view.query, view.key").toBe("(5, None)");
  await token(head, "key", 2).click();
  await value(notebook, "view.key").toBe("2");
  await head.press("Escape");
  await value(notebook, "view.query, view.key").toBe("(None, None)");
  await head.getByLabel("Attention", { exact: true }).selectOption({ label: "A → B" });
  await value(notebook, "view.store.pair").toBe("'ab'");
});

test("every reading aid is switched by hand and read back in Python", async ({ page }) => {
  const notebook = await openVscode(page, [PAIR, "view = capture.head_view()\nview"]);
  const head = await open(notebook, "head");
  await head.getByLabel("Find a token").fill("cat");
  await value(notebook, "view.search").toBe("'cat'");
  await head.getByLabel("Find a token").press("Enter");
  await value(notebook, "view.query").toBe("2");
  await head.getByRole("button", { name: /^Simplify/ }).click();
  const typed = async (name: string, text: string) => {
    await head.getByLabel(name).fill(text);
    await head.getByLabel(name).press("Tab");
  };
  await typed("Hide weights below", "0.1");
  await value(notebook, "view.threshold").toBe("0.1");
  await typed("Top keys per query", "4");
  await value(notebook, "view.top_k").toBe("4");
  await head.getByRole("button", { name: "Hide special" }).click();
  await value(notebook, "view.hide_special").toBe("True");
  await head.getByRole("button", { name: "Hide sinks" }).click();
  await value(notebook, "view.hide_sink").toBe("True");
  await head.getByRole("button", { name: /^Simplify/ }).click();
  await head.getByLabel("Words in place of tokens").check();
  await value(notebook, "view.merge_words").toBe("True");
  await ready(head, 0);
  await head.getByRole("button", { name: "Reset" }).click();
  await value(notebook, "view.threshold, view.top_k, view.hide_special, view.hide_sink, view.merge_words").toBe(
    "(None, None, False, False, False)",
  );
});

test("scale, combination, direction and tab are switched by hand and read back in Python", async ({ page }) => {
  const notebook = await openVscode(page, [
    PAIR,
    "matrix = capture.matrix_view()\nmatrix",
    "text = capture.text_view()\ntext",
    "explorer = capture.explorer()\nexplorer",
  ]);
  const [matrix, text] = [await open(notebook, "matrix"), await open(notebook, "text")];
  await choose(matrix, "Scale", "log");
  await value(notebook, "matrix.scale").toBe("'log'");
  await choose(matrix, "Show heads", "mean");
  await value(notebook, "matrix.combine").toBe("'mean'");
  await text.getByRole("button", { name: "attended to by" }).click();
  await value(notebook, "text.direction").toBe("'in'");
  const explorer = view(notebook.frame, "explorer");
  for (const [name, tab] of [
    ["Matrix", "matrix"],
    ["Neurons", "neurons"],
    ["Text", "text"],
  ] as const) {
    await explorer.getByRole("tab", { name }).click();
    await ready(explorer, 0);
    await value(notebook, "explorer.tab").toBe(`'${tab}'`);
  }
});
