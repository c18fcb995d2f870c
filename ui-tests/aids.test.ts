import type { Locator, Page } from "playwright-core";
import { find, hide, reach, status } from "./controls";
import { MINILM } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const KINDS = ["head", "matrix", "neuron", "text", "explorer"] as const;
type Kind = (typeof KINDS)[number];

/**
 * `expected(*aids)`: for each aid the weights beside the pinned token, computed with NumPy, and the row or column of the
 * token among how many, and the largest weight of the head.
 */
const CAPTURE = `${MINILM}
import json
import numpy as np

capture = hs.capture(model, tokenizer, "The unbelievably kind cat sat near another unbelievable cat")
map_ = capture.maps["self"]
CAT = map_.query_tokens.index("cat")

def expected(*aids):
    return json.dumps({aid: expected_of(aid) for aid in aids})

def expected_of(aid):
    weights, words = capture.weights(2, 3).astype(float), np.array(map_.query_words)
    shown, at = weights, CAT
    if aid == "threshold":
        shown = np.where(weights >= 0.1, weights, 0)
    elif aid == "top_k":
        shown = np.where(weights >= np.sort(weights)[:, -2:-1], weights, 0)
    elif aid == "hide_special":
        shown, at = weights[1:-1, 1:-1], CAT - 1
    elif aid == "hide_sink":
        sinks = list(map_.sinks(2, 0.2))
        assert sinks and CAT not in sinks
        shown = np.delete(weights, sinks, 1)
        shown = shown / shown.sum(1, keepdims=True)
    elif aid == "merge_words":
        names = list(dict.fromkeys(words.tolist()))
        holds = (words == np.array(names)[:, None]).astype(float)  # (words, tokens)
        shown, at = holds @ weights @ holds.T / holds.sum(1, keepdims=True), names.index(words[CAT])
    elif aid == "direction":
        shown = np.where(weights == weights.max(0), weights, 0).T
    return {"row": shown[at].tolist(), "at": at, "of": len(shown), "most": shown.max()}
`;

interface Aid {
  readonly name: string;
  /** The keyword in Python, and the trait before and after. */
  readonly python: string;
  /** What the status line says about it. */
  readonly note: string;
  readonly byHand: (root: Locator) => Promise<void>;
}

const typed = (label: string, text: string) => async (root: Locator) => {
  await openAids(root);
  await root.getByLabel(label).fill(text);
  await root.getByLabel(label).press("Tab");
};

const ticked = (label: string) => async (root: Locator) => {
  await openAids(root);
  await root.getByLabel(label).check();
};

const AIDS: readonly Aid[] = [
  { name: "threshold", python: "0.1", note: "weights from 0.100", byHand: typed("Hide weights below", "0.1") },
  { name: "top_k", python: "2", note: "2 strongest keys", byHand: typed("Top keys per query", "2") },
  { name: "hide_special", python: "True", note: "without special tokens", byHand: (root) => hide(root, "special") },
  {
    ...{ name: "hide_sink", python: "True", note: "of the attention, renormalised" },
    byHand: (root) => hide(root, "sinks"),
  },
  { name: "merge_words", python: "True", note: "sum over keys", byHand: ticked("Words in place of tokens") },
];

async function openAids(root: Locator): Promise<void> {
  const button = root.getByRole("button", { name: /^Simplify/ });
  if ((await button.getAttribute("aria-expanded")) === "false") await button.click();
}

interface Expected {
  readonly row: readonly number[];
  readonly at: number;
  readonly of: number;
  /** The largest weight of the head, which has the last colour. */
  readonly most: number;
}

/**
 * The weights that a view draws beside the pinned token, or 0 where it draws none; in a heat map 1 where a cell
 * differs from one without weight.
 */
async function drawn(root: Locator, kind: Kind, side: "query" | "key", { row, at, of }: Expected): Promise<number[]> {
  if (kind !== "matrix") {
    const [marked, name] = kind === "text" ? [".hs-piece", "shade"] : [".hs-token", "weight"];
    return root
      .locator(`${marked}[data-${side}]`)
      .evaluateAll((all, name) => all.map((one) => Number((one as HTMLElement).dataset[name] ?? 0)), name as string);
  }
  return root.locator("[data-map='0'] canvas").evaluate(
    (canvas: HTMLCanvasElement, { count, at, of, side }) => {
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      const ramp = canvas.closest(".headscope")?.querySelector(".hs-ramp") as Element;
      // The first colour is that of cells without weight.
      const ground = /rgb\((\d+), (\d+), (\d+)\)/.exec(getComputedStyle(ramp).backgroundImage)?.slice(1).join();
      const middle = (index: number, length: number, cells: number) => Math.floor(((index + 0.5) * length) / cells);
      return Array.from({ length: count }, (_, index) => {
        const [x, y] =
          side === "key"
            ? [middle(index, canvas.width, count), middle(at, canvas.height, of)]
            : [middle(at, canvas.width, of), middle(index, canvas.height, count)];
        return context.getImageData(x, y, 1, 1).data.slice(0, 3).join() === ground ? 0 : 1;
      });
    },
    { count: row.length, at, of, side },
  );
}

/**
 * Weights below 0.005 have no mark beside their token. Weights that the page merges are sums of three-digit numbers.
 */
function told(row: readonly number[], kind: Kind, most = 1): string[] {
  // The second of 256 colours begins at half a step.
  if (kind === "matrix") return row.map((weight) => (weight > most / 510 ? "painted" : "blank"));
  return row.map((weight) => (weight < 0.005 ? "0.00" : weight.toFixed(2)));
}

/** The expected weights by the names of their aids. */
async function expectedOf(page: Page, aids: readonly string[]): Promise<Readonly<Record<string, Expected>>> {
  return JSON.parse(await kernel(page, `print(expected(${aids.map((name) => `"${name}"`)}))`));
}

/** Expects the view to draw NumPy's weights, and the status line to name the aid. */
async function expectAid(
  root: Locator,
  kind: Kind,
  aid: Pick<Aid, "name" | "note">,
  expected: Readonly<Record<string, Expected>>,
): Promise<void> {
  await ready(root, 2);
  const wanted = expected[aid.name] as Expected;
  const side = aid.name === "direction" ? "query" : "key";
  await expect
    .poll(async () => told(await drawn(root, kind, side, wanted), kind), { message: `${aid.name} in ${kind} view` })
    .toEqual(told(wanted.row, kind, wanted.most));
  expect(await status(root).textContent()).toContain(aid.note);
}

const made = (kind: Kind, options = "") => `capture.${kind === "explorer" ? kind : `${kind}_view`}(${options})`;

const PLAIN = { name: "none", note: "tokens" };

for (const kind of KINDS) {
  test(`${kind} view: every aid has its effect, as a keyword, as a trait and by hand`, async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 6000 });
    const keywords = AIDS.map(({ name, python }) => made(kind, `${name}=${python}, sink_share=0.2`));
    await openNotebook(page, [
      CAPTURE,
      `capture.select(layer=2, head=3, query=CAT)\nview = ${made(kind, "sink_share=0.2")}\nview`,
      ...keywords,
    ]);
    const root = view(page, kind);
    const expected = await expectedOf(page, [PLAIN.name, ...AIDS.map(({ name }) => name)]);
    const draws = (aid: Pick<Aid, "name" | "note">, one = root) => expectAid(one, kind, aid, expected);
    await draws(PLAIN);
    for (const [nth, aid] of AIDS.entries()) await draws(aid, view(page, kind, nth + 1));
    await page.setViewportSize({ width: 1280, height: 1200 }); // From here on only the first view is looked at.
    for (const aid of AIDS) {
      const usual = await kernel(page, `usual = view.${aid.name}\nview.${aid.name} = ${aid.python}\nprint(usual)`);
      await draws(aid);
      await kernel(page, `view.${aid.name} = usual`);
      await draws(PLAIN);
      await aid.byHand(root);
      await draws(aid);
      await expect.poll(() => kernel(page, `print(view.${aid.name})`)).toBe(aid.python);
      await openAids(root);
      await root.getByRole("button", { name: "Reset" }).click();
      await draws(PLAIN);
      await expect.poll(() => kernel(page, `print(view.${aid.name})`)).toBe(usual);
    }
  });

  test(`${kind} view: the direction decides which weights are counted and read, and a search marks its matches`, async ({
    page,
  }) => {
    await page.setViewportSize({ width: 1280, height: 3000 });
    await openNotebook(page, [
      CAPTURE,
      `capture.select(layer=2, head=3, key=CAT)\nview = ${made(kind, "top_k=1, direction='in', search='CAT'")}\nview`,
    ]);
    const root = view(page, kind);
    const inwards = { name: "direction", note: "strongest query of each key" };
    const expected = await expectedOf(page, [inwards.name]);
    await expectAid(root, kind, inwards, expected);
    await kernel(page, "view.direction = 'out'");
    await expect.poll(() => status(root).textContent()).toContain("strongest key");
    await kernel(page, "view.direction = 'in'");
    await expectAid(root, kind, inwards, expected);

    const attend = async (name: string) => {
      if (kind !== "text") await openAids(root);
      // In the text view the choice is in the toolbar, and the one of the menu is hidden.
      const choices = kind === "text" ? root.locator(".hs-control > .hs-segments") : root;
      await reach(choices.getByRole("button", { name, exact: true, includeHidden: true }), (button) => button.click());
    };
    await attend("attends to");
    await expect.poll(() => kernel(page, "view.direction, view.query == CAT, view.key")).toBe("('out', True, None)");
    await attend("attended to by");
    await expectAid(root, kind, inwards, expected);
    await expect.poll(() => kernel(page, "view.direction, view.query, view.key == CAT")).toBe("('in', None, True)");

    const found = () =>
      root.locator(".hs-found").evaluateAll((all) => all.map((one) => (one.textContent ?? "").replace("␣", "")));
    expect([...new Set(await found())]).toEqual(["cat"]);
    const told = root.locator(".hs-find [aria-live]");
    await expect.poll(() => told.textContent()).toMatch(/^2 found/);
    await find(root, "dog");
    await expect.poll(found).toEqual([]);
    await expect.poll(() => told.textContent()).toBe("not found");
    await find(root, "kin");
    await expect.poll(async () => [...new Set(await found())]).toEqual(["kind"]);
    await expect.poll(() => kernel(page, "view.search")).toBe("'kin'");
    await kernel(page, "view.search = ''");
    await expect.poll(found).toEqual([]);
  });
}
