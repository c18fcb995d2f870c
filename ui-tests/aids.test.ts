import type { Locator, Page } from "playwright-core";
import { status } from "./controls";
import { MINILM } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const KINDS = ["head", "matrix", "neuron", "text", "explorer"] as const;
type Kind = (typeof KINDS)[number];

/**
 * `expected(*aids)`: for each aid the weights beside the pinned token, computed with NumPy, and the row or column of the
 * token among how many.
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
    row, at, of = weights[CAT], CAT, len(words)
    if aid == "threshold":
        row = np.where(row >= 0.1, row, 0)
    elif aid == "top_k":
        row = np.where(row >= np.sort(row)[-2], row, 0)
    elif aid == "hide_special":
        row, at, of = row[1:-1], CAT - 1, of - 2
    elif aid == "hide_sink":
        row = row[1:] / row[1:].sum()
    elif aid == "merge_words":
        names = list(dict.fromkeys(words.tolist()))
        row = np.array([row[words == name].sum() for name in names])
        at, of = names.index(words[CAT]), len(names)
    elif aid == "direction":
        row = np.where(weights[:, CAT] == weights[:, CAT].max(), weights[:, CAT], 0)
    return {"row": row.tolist(), "at": at, "of": of}
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
  { name: "threshold", python: "0.1", note: "weights from 0.100", byHand: typed("Weights from", "0.1") },
  { name: "top_k", python: "2", note: "2 strongest keys", byHand: typed("Strongest keys of each query", "2") },
  { name: "hide_special", python: "True", note: "without special tokens", byHand: ticked("Hide special tokens") },
  {
    ...{ name: "hide_sink", python: "True", note: "without the first key, renormalised" },
    byHand: ticked("Hide the first key"),
  },
  { name: "merge_words", python: "True", note: "sum over keys", byHand: ticked("Words in place of tokens") },
];

async function openAids(root: Locator): Promise<void> {
  const button = root.getByRole("button", { name: /^Aids/ });
  if ((await button.getAttribute("aria-expanded")) === "false") await button.click();
}

interface Expected {
  readonly row: readonly number[];
  readonly at: number;
  readonly of: number;
}

/**
 * The weights that a view draws beside the pinned token, or 0 where it draws none; in a heat map 1 where a cell is
 * painted.
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
      const middle = (index: number, length: number, cells: number) => Math.floor(((index + 0.5) * length) / cells);
      return Array.from({ length: count }, (_, index) => {
        const [x, y] =
          side === "key"
            ? [middle(index, canvas.width, count), middle(at, canvas.height, of)]
            : [middle(at, canvas.width, of), middle(index, canvas.height, count)];
        return context.getImageData(x, y, 1, 1).data[3] ? 1 : 0;
      });
    },
    { count: row.length, at, of, side },
  );
}

/**
 * Weights below 0.005 have no mark beside their token. Weights that the page merges are sums of three-digit numbers.
 */
function told(row: readonly number[], kind: Kind): string[] {
  if (kind === "matrix") return row.map((weight) => (weight > 0 ? "painted" : "blank"));
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
    .toEqual(told(wanted.row, kind));
  expect(await status(root).textContent()).toContain(aid.note);
}

const made = (kind: Kind, options = "") => `capture.${kind === "explorer" ? kind : `${kind}_view`}(${options})`;

const PLAIN = { name: "none", note: "tokens" };

for (const kind of KINDS) {
  test(`${kind} view: every aid has its effect, as a keyword, as a trait and by hand`, async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 6000 });
    const keywords = AIDS.map(({ name, python }) => made(kind, `${name}=${python}`));
    await openNotebook(page, [
      CAPTURE,
      `capture.select(layer=2, head=3, query=CAT)\nview = ${made(kind)}\nview`,
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
      await root.getByRole("button", { name: "Show everything" }).click();
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
      const button = root.getByRole("button", { name, exact: true });
      if (!(await button.isVisible())) await openAids(root);
      await button.click();
    };
    await attend("attends to");
    await expect.poll(() => kernel(page, "view.direction, view.query == CAT, view.key")).toBe("('out', True, None)");
    await attend("attended to by");
    await expectAid(root, kind, inwards, expected);
    await expect.poll(() => kernel(page, "view.direction, view.query, view.key == CAT")).toBe("('in', None, True)");

    const found = () =>
      root.locator(".hs-found").evaluateAll((all) => all.map((one) => (one.textContent ?? "").replace("␣", "")));
    expect([...new Set(await found())]).toEqual(["cat"]);
    await openAids(root);
    await root.getByText("2 found").waitFor();
    await root.getByLabel("Find a token").fill("dog");
    await expect.poll(found).toEqual([]);
    await root.getByText("not found").waitFor();
    await root.getByLabel("Find a token").fill("kin");
    await expect.poll(async () => [...new Set(await found())]).toEqual(["kind"]);
    await expect.poll(() => kernel(page, "view.search")).toBe("'kin'");
    await kernel(page, "view.search = ''");
    await expect.poll(found).toEqual([]);
  });
}
