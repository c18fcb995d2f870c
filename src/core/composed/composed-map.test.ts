import { expect, it } from "vitest";
import type { MapDescription } from "../../contract.gen";
import { COMPOSED, keyEdges, partAt, partName, regionsOf, withComposed, withoutComposed } from "./composed-map";

type Given = Partial<MapDescription> & Pick<MapDescription, "name" | "num_heads">;

function map(queries: string[], keys: string[], given: Given): MapDescription {
  return {
    ...{ label: given.name, num_layers: given.num_heads.length, query_tokens: queries, key_tokens: keys },
    ...{ query_special: [], key_special: [], query_words: null, key_words: null, query_segments: [] },
    ...{ key_segments: [], sentence_b_start: null, no_vectors: given.num_heads.map(() => "") },
    ...given,
  };
}

const [SOURCE, TARGET] = [
  ["a", "b", "</s>"],
  ["x", "y"],
];
const encoder = map(SOURCE, SOURCE, {
  name: "encoder",
  num_heads: [4, 4, 4],
  query_special: [2],
  query_words: [0, 0, 1],
});
const decoder = map(TARGET, TARGET, {
  ...{ name: "decoder", num_heads: [2, 8], query_special: [0] },
  predictions: { kind: "next", start: 1, tokens: [["z"]], probabilities: [[1]] },
});
const cross = map(TARGET, SOURCE, { name: "cross", num_heads: [2, 2] });

const composed = withComposed([encoder, decoder, cross]).at(-1) as MapDescription;

it("joins the tokens, and what is known of them", () => {
  expect(composed).toMatchObject({ name: COMPOSED, label: "All", num_layers: 3, num_heads: [4, 8, 4] });
  expect(composed.query_tokens).toEqual(["a", "b", "</s>", "x", "y"]);
  expect(composed.key_tokens).toEqual(composed.query_tokens);
  expect(composed.key_special).toEqual([2, 3]);
  expect(composed.query_words).toEqual([0, 0, 1, 2, 3]);
  expect(composed.predictions).toMatchObject({ start: 4, tokens: [["z"]] });
  expect(composed.query_segments).toEqual([
    { name: "source", start: 0, stop: 3 },
    { name: "target", start: 3, stop: 5 },
  ]);
  expect(composed.no_vectors).toHaveLength(3);
});

it("keeps the segments of a side that has some", () => {
  const named = { ...decoder, query_segments: [{ name: "date", start: 1, stop: 2 }] };
  const { key_segments } = withComposed([encoder, named, cross]).at(-1) as MapDescription;
  expect(key_segments).toEqual([
    { name: "source", start: 0, stop: 3 },
    { name: "date", start: 4, stop: 5 },
  ]);
});

it("says which attention holds a cell, and where nothing connects", () => {
  const names = [0, 3].flatMap((query) => [0, 3].map((key) => partAt(composed, query, key)?.name ?? null));
  expect(names).toEqual(["encoder", null, "cross", "decoder"]);
  expect((composed.parts ?? []).map(partName)).toEqual([
    ...["encoder self-attention", "cross-attention", "decoder self-attention"],
  ]);
  expect(regionsOf(composed)?.[1]).toEqual({ queries: [0, 3], keys: [3, 5] });
  expect(keyEdges(composed)).toEqual([0, 3, 5]);
  expect(keyEdges(cross)).toEqual([0, 3]);
  expect(regionsOf(cross)).toBeUndefined();
});

it("needs all three attentions, with the same tokens", () => {
  const shorter = map(["x"], SOURCE, { name: "cross", num_heads: [2, 2] });
  for (const maps of [
    [encoder, decoder],
    [encoder, cross],
    [encoder, decoder, shorter],
    [map(SOURCE, SOURCE, { name: "self", num_heads: [1] })],
  ]) {
    expect(withComposed(maps)).toBe(maps);
  }
  const own = map(SOURCE, SOURCE, { name: "all", num_heads: [1] });
  expect(withComposed([encoder, decoder, cross, own])).toHaveLength(4);
  expect(withoutComposed(withComposed([encoder, decoder, cross]))).toEqual([encoder, decoder, cross]);
});
