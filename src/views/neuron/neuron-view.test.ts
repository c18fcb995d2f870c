import { afterEach, beforeEach, expect, test } from "vitest";
import { headVectors, PLAIN_RULE } from "../../../testing/vectors";
import { contextOf, fullSource, mapDescription, named, press } from "../../../testing/view";
import type { HeadRule, MapDescription } from "../../contract.gen";
import { chainOf } from "../../core/attend/chain";
import type { HeadVectors } from "../../core/weights/vectors";
import { neuronView } from "./neuron-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

const TOKENS = ["[CLS]", " the", " cat", " sat", "[SEP]"];
const COUNT = TOKENS.length;

function vectorsWith(rule: Partial<HeadRule> = {}, more: Partial<HeadVectors> = {}): HeadVectors {
  const vector = (seed: number) => Array.from({ length: 8 }, (_, at) => Math.sin(3 * seed + 1.7 * at) * 3);
  const queries = TOKENS.map((_, at) => vector(at));
  const made = headVectors(
    queries,
    TOKENS.map((_, at) => vector(at + 2)),
    {
      rule: { ...PLAIN_RULE, ...rule },
      ...more,
    },
  );
  const weights = Float32Array.from(TOKENS.flatMap((_, query) => [...chainOf(made, query).softmax]));
  return { ...made, weights };
}

const CAUSAL = Uint8Array.from({ length: COUNT * COUNT }, (_, at) => Number(at % COUNT > Math.floor(at / COUNT)));

function open(
  vectors: HeadVectors | null = vectorsWith(),
  changes: Partial<MapDescription> = {},
  pinnedKey: number | null = null,
) {
  const maps = [mapDescription(TOKENS, { no_vectors: ["", "", "These weights were given."], ...changes })];
  const source = fullSource(maps);
  if (vectors)
    for (const layer of [0, 1]) for (const head of [0, 1, 2, 3]) source.holdVectors("self", layer, head, vectors);
  const context = contextOf(maps, source);
  context.selection.key.value = pinnedKey;
  const root = document.createElement("div");
  document.body.append(root);
  neuronView(root, context, ending.signal);
  const token = (side: string, position: number) => root.querySelector(`[data-${side}="${position}"]`) as HTMLElement;
  const step = (key: number, name: string) =>
    root.querySelector(`[data-row="${key}"] [data-step="${name}"]`)?.textContent ?? null;
  const steps = () => [...root.querySelectorAll(".hs-chain-head .hs-number")].map((one) => one.textContent);
  const readout = () => root.querySelector(".hs-readout")?.textContent ?? "";
  const notes = () => root.querySelector(".hs-notes")?.textContent ?? "";
  return { root, context, source, token, step, steps, readout, notes };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const over = (target: Element) => {
  for (const type of ["pointerover", "pointermove"]) target.dispatchEvent(new PointerEvent(type, { bubbles: true }));
};

test("one head is shown, and choosing another replaces it", () => {
  const { root, context } = open();
  const pressed = () => [...root.querySelectorAll(".hs-toggle[aria-pressed=true]")].map((one) => one.textContent);
  expect(pressed()).toEqual(["0"]);
  named(root, "Head 2").click();
  expect([pressed(), context.selection.heads.value]).toEqual([["2"], [2]]);
  press(root, "3");
  expect(pressed()).toEqual(["3"]);
  press(root, "9");
  expect(pressed()).toEqual(["3"]);
});

test("a click expands a query and another click closes it", async () => {
  const { root, token, step, context } = open();
  token("query", 2).click();
  await settled();
  expect([root.dataset.expanded, root.dataset.state, context.selection.query.value]).toEqual(["2", "ready", 2]);
  expect(step(1, "dot")).not.toBeNull();
  token("query", 2).click();
  expect([root.dataset.expanded, step(1, "dot"), context.selection.query.value]).toEqual([undefined, null, null]);
});

test("Enter expands, arrows and the pointer move to another query, Escape closes", async () => {
  const { root, token, step, context } = open();
  token("query", 1).focus();
  press(token("query", 1), "Enter");
  await settled();
  const before = step(0, "score");
  press(token("query", 1), "ArrowDown");
  expect([root.dataset.expanded, context.selection.query.value]).toEqual(["2", 2]);
  expect(step(0, "score")).not.toBe(before);
  over(token("query", 4));
  expect(root.dataset.expanded).toBe("4");
  over(root.querySelector(".hs-between") as Element);
  expect(root.dataset.expanded).toBe("4");
  press(root, "Escape");
  expect(root.dataset.expanded).toBeUndefined();
});

test("without a pin the strongest query is expanded, the pointer goes on to others, and nothing is pinned", async () => {
  const { root, context, token, step } = open();
  await settled();
  expect([root.dataset.expanded, root.dataset.state, step(1, "dot") !== null]).toEqual(["1", "ready", true]);
  over(token("query", 3));
  expect([root.dataset.expanded, context.selection.query.value]).toEqual(["3", null]);
  token("query", 3).click();
  expect([root.dataset.expanded, context.selection.query.value]).toEqual(["3", 3]);
  token("query", 3).click();
  expect([root.dataset.expanded, context.selection.query.value]).toEqual([undefined, null]);
  over(token("query", 2));
  expect(root.dataset.expanded).toBeUndefined();
});

test("Escape closes a query that was only suggested", () => {
  const { root } = open();
  expect(root.dataset.expanded).toBe("1");
  press(root, "Escape");
  expect(root.dataset.expanded).toBeUndefined();
});

test("no query is suggested beside a pinned key, whose queries are read", async () => {
  const { root, token } = open(undefined, {}, 2);
  await settled();
  expect(root.dataset.expanded).toBeUndefined();
  expect(token("query", 3).dataset.weight).toBeDefined();
});

test("the numbers are those of the chain", async () => {
  const vectors = vectorsWith();
  const { token, step, notes } = open(vectors);
  token("query", 3).click();
  await settled();
  const { dots, scaled, softmax } = chainOf(vectors, 3);
  const number = (text: string | null) => Number(text?.replace("−", "-"));
  for (let key = 0; key < COUNT; key++) {
    expect(number(step(key, "dot"))).toBeCloseTo(dots[key] as number, 1);
    expect(number(step(key, "scaled"))).toBeCloseTo(scaled[key] as number, 1);
    const shown = step(key, "softmax") as string;
    if (!shown.startsWith("<")) expect(number(shown)).toBeCloseTo(softmax[key] as number, 3);
  }
  expect(notes()).toMatch(/differs from this row's weights by at most (0|\d\.\de−\d+)\./);
});

test.each([
  ["plain", vectorsWith({ scaling: 1 }), ["q · k", "score", "softmax"]],
  ["scaled and capped", vectorsWith({ softcap: 50 }), ["q · k", "× 0.5", "cap 50", "score", "softmax"]],
  ["causal", vectorsWith({}, { hidden: CAUSAL }), ["q · k", "× 0.5", "mask", "score", "softmax"]],
  [
    "biased",
    vectorsWith({ scaling: 1 }, { bias: new Float32Array(COUNT * COUNT).fill(2) }),
    ["q · k", "+ bias", "score", "softmax"],
  ],
])("a %s layer has the columns that it needs", async (_, vectors, expected) => {
  const { token, steps } = open(vectors);
  token("query", 3).click();
  await settled();
  expect(steps()).toEqual(expected);
});

test("keys that are hidden from the query are blank", async () => {
  const { token, step, root } = open(vectorsWith({}, { hidden: CAUSAL }));
  token("query", 1).click();
  await settled();
  expect([step(2, "mask"), step(2, "dot"), step(2, "score"), step(2, "softmax")]).toEqual(["−∞", "", "", ""]);
  expect(step(1, "mask")).toBe("0");
  expect(root.querySelector('[data-row="2"]')?.getAttribute("aria-label")).toContain("hidden from the query");
});

test("a sink has a row of its own", async () => {
  const vectors = vectorsWith({ sink: 1.5 });
  const { token, root } = open(vectors);
  token("query", 1).click();
  await settled();
  const label = root.querySelector(".hs-sink")?.getAttribute("aria-label");
  expect(label).toMatch(/^Sink: score 1\.50, softmax (0\.\d+|< 0\.0005)$/);
});

test("the view mentions shared keys and rotation", async () => {
  const { token, notes } = open(vectorsWith({ rotary: true, num_heads: 9, num_kv_heads: 3, kv_head: 1 }));
  token("query", 1).click();
  await settled();
  expect(notes()).toContain("reads the keys of KV head 1, which heads 3 to 5 share");
  expect(notes()).toContain("rotation");
});

test("keyboard users can read a dimension's numbers from the strips", async () => {
  const vectors = vectorsWith();
  const { token, root, readout } = open(vectors);
  token("query", 2).click();
  await settled();
  const chain = root.querySelector(".hs-chain") as HTMLElement;
  press(chain, "ArrowDown");
  press(chain, "ArrowDown");
  press(chain, "ArrowRight");
  expect(readout()).toMatch(/cat → ␣the\s+dimension 1\s+q .* × k .* = /);
  const [, q, k] = readout().match(/q ([−\d.]+) × k ([−\d.]+)/) ?? [];
  const number = (text = "") => Number(text.replace("−", "-"));
  expect(number(q)).toBeCloseTo(vectors.queries[2 * 8 + 1] as number, 1);
  expect(number(k)).toBeCloseTo(vectors.keys[1 * 8 + 1] as number, 1);
});

test("a layer without queries and keys says why, and still shows its lines", async () => {
  const { root, context, token, readout } = open();
  const why = () => root.querySelector<HTMLElement>(".hs-why");
  expect(why()?.hidden).toBe(true);
  expect(readout()).toMatch(/^␣the → /);
  context.selection.layer.value = 2;
  expect(why()?.textContent).toBe("No neurons to show in layer 2. These weights were given.");
  expect(why()?.hidden).toBe(false);
  expect(readout()).toBe("Point at a token to see its weights");
  token("query", 1).click();
  await settled();
  expect([root.dataset.expanded, root.dataset.state, root.dataset.layer]).toEqual([undefined, "ready", "2"]);
  expect(readout()).toContain("layer 2, head 0");
});

test("an error is shown in the view, with a button to try again", async () => {
  const { root, token, source, step } = open(null);
  token("query", 1).click();
  expect(root.dataset.state).toBe("pending");
  source.vectorRequests[0]?.reject(new Error("The kernel went away."));
  await settled();
  expect([root.dataset.state, root.querySelector(".hs-notice")?.textContent]).toEqual([
    "error",
    "The kernel went away.Try again",
  ]);
  root.querySelector<HTMLElement>(".hs-notice button")?.click();
  expect(source.vectorRequests).toHaveLength(2);
  source.vectorRequests[1]?.resolve(vectorsWith());
  await settled();
  expect([root.dataset.state, step(0, "dot") !== null]).toEqual(["ready", true]);
});

test("outdated requests are aborted", async () => {
  const { context, token, source } = open(null);
  token("query", 1).click();
  context.selection.layer.value = 1;
  expect(source.vectorRequests.map(({ layer, signal }) => [layer, signal.aborted])).toEqual([
    [0, true],
    [1, false],
  ]);
});

test("merged words stand for their first tokens, and the view says so", async () => {
  const vectors = vectorsWith();
  const words = { query_words: [0, 1, 1, 2, 3], key_words: [0, 1, 1, 2, 3] };
  const { context, token, step, notes, root } = open(vectors, words);
  context.options.aids.mergeWords.value = true;
  token("query", 2).click();
  await settled();
  expect(root.dataset.expanded).toBe("2");
  const expected = chainOf(vectors, 3).dots[4] as number;
  expect(Number(step(3, "dot")?.replace("−", "-"))).toBeCloseTo(expected, 1);
  expect(notes()).toContain("first token");
});

test("everything is gone at the end", async () => {
  const { root, token, context } = open();
  token("query", 1).click();
  await settled();
  ending.abort();
  expect(root.childElementCount).toBe(0);
  context.selection.layer.value = 1;
  expect(root.childElementCount).toBe(0);
});
