import type { Locator, Page } from "playwright-core";
import { status } from "./controls";
import { MINILM } from "./examples";
import { expect, kernel, openNotebook, ready, screenshot, test, view } from "./harness";

const KINDS = ["head", "matrix", "neuron", "text", "explorer"] as const;
type Kind = (typeof KINDS)[number];

/**
 * `expected(aid)`: the weights beside the pinned token as NumPy works them out, and the row or column that it is shown in, of
 * how many.
 */
const CAPTURE = `${MINILM}
import json
import numpy as np

capture = hs.capture(model, tokenizer, "The unbelievably kind cat sat near another unbelievable cat")
map_ = capture.maps["self"]
CAT = map_.query_tokens.index("cat")

def expected(aid):
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
    return json.dumps({"row": row.tolist(), "at": at, "of": of})
`;

interface Aid {
  readonly name: string;
  /** As Python's keyword, and as the trait is before and after. */
  readonly python: string;
  /** What the status line says of it. */
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

/** The weights that a view draws beside the pinned token, 0 where it draws none; of a heat map 1 where a cell is painted. */
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

/** Weights under 0.005 have no mark beside their token; those that the page puts together are sums of three digits. */
function told(row: readonly number[], kind: Kind): string[] {
  if (kind === "matrix") return row.map((weight) => (weight > 0 ? "painted" : "blank"));
  return row.map((weight) => (weight < 0.005 ? "0.00" : weight.toFixed(2)));
}

/** The view draws what NumPy says, and its status line names the aid. */
async function expectAid(page: Page, root: Locator, kind: Kind, aid: Pick<Aid, "name" | "note">): Promise<void> {
  await ready(root, 2);
  const wanted = JSON.parse(await kernel(page, `print(expected("${aid.name}"))`)) as Expected;
  const side = aid.name === "direction" ? "query" : "key";
  await expect
    .poll(async () => told(await drawn(root, kind, side, wanted), kind), { message: `${aid.name} in ${kind} view` })
    .toEqual(told(wanted.row, kind));
  expect(await status(root).textContent()).toContain(aid.note);
}

const made = (kind: Kind, options = "") => `capture.${kind === "explorer" ? kind : `${kind}_view`}(${options})`;

const PLAIN = { name: "none", note: "tokens" };

for (const kind of KINDS) {
  test(`${kind} view: every aid draws what it says, as a keyword, as a trait and by hand`, async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 6000 });
    const keywords = AIDS.map(({ name, python }) => made(kind, `${name}=${python}`));
    await openNotebook(page, [
      CAPTURE,
      `capture.select(layer=2, head=3, query=CAT)\nview = ${made(kind)}\nview`,
      ...keywords,
    ]);
    const root = view(page, kind);
    await expectAid(page, root, kind, PLAIN);
    for (const [nth, aid] of AIDS.entries()) {
      await expectAid(page, view(page, kind, nth + 1), kind, aid);
      const usual = await kernel(page, `usual = view.${aid.name}\nview.${aid.name} = ${aid.python}\nprint(usual)`);
      await expectAid(page, root, kind, aid);
      await kernel(page, `view.${aid.name} = usual`);
      await expectAid(page, root, kind, PLAIN);
      await aid.byHand(root);
      await expectAid(page, root, kind, aid);
      await expect.poll(() => kernel(page, `print(view.${aid.name})`)).toBe(aid.python);
      await openAids(root);
      await root.getByRole("button", { name: "Show everything" }).click();
      await expectAid(page, root, kind, PLAIN);
      await expect.poll(() => kernel(page, `print(view.${aid.name})`)).toBe(usual);
    }
  });

  test(`${kind} view: the direction turns what is counted and read, and a search marks what it finds`, async ({
    page,
  }) => {
    await page.setViewportSize({ width: 1280, height: 3000 });
    await openNotebook(page, [
      CAPTURE,
      `capture.select(layer=2, head=3, key=CAT)\nview = ${made(kind, "top_k=1, direction='in', search='CAT'")}\nview`,
    ]);
    const root = view(page, kind);
    const inwards = { name: "direction", note: "strongest query of each key" };
    await expectAid(page, root, kind, inwards);
    await kernel(page, "view.direction = 'out'");
    await expect.poll(() => status(root).textContent()).toContain("strongest key");
    await kernel(page, "view.direction = 'in'");
    await expectAid(page, root, kind, inwards);

    const attend = async (name: string) => {
      const button = root.getByRole("button", { name, exact: true });
      if (!(await button.isVisible())) await openAids(root);
      await button.click();
    };
    await attend("attends to");
    await expect.poll(() => kernel(page, "view.direction, view.query == CAT, view.key")).toBe("('out', True, None)");
    await attend("attended by");
    await expectAid(page, root, kind, inwards);
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
    await screenshot(root, `aids-${kind}`);
  });
}
