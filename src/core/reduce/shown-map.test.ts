import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapDescription } from "../../contract.gen";
import { float16Of } from "../weights/codecs/float16";
import { float16Table } from "../weights/codecs/tables";
import { type HeadWeights, weightAt } from "../weights/head-weights";
import { type ShownMapOptions, shownMapOf } from "./shown-map";

const NOTHING: ShownMapOptions = {
  threshold: null,
  topK: null,
  topOf: "query",
  hideSpecial: false,
  excluded: [],
  mergeWords: false,
  closed: () => false,
};
const WORDS = [0, 1, 1, 2];
const TOKENS = ["[CLS]", "un", "seen", "cat"];
const DESCRIPTION: MapDescription = {
  name: "self",
  label: "Self",
  num_layers: 1,
  num_heads: [1],
  query_tokens: TOKENS,
  key_tokens: TOKENS,
  query_special: [0],
  key_special: [0],
  query_words: WORDS,
  key_words: WORDS,
  query_segments: [],
  key_segments: [],
  sentence_b_start: 3,
  no_vectors: [""],
};

function head(rows: readonly (readonly number[])[]): HeadWeights {
  const codes = Uint16Array.from(rows.flat(), float16Of);
  return { numQueries: rows.length, numKeys: rows[0]?.length ?? 0, codes, table: float16Table, dtype: "float16" };
}

function rowsOf(weights: HeadWeights): number[][] {
  return Array.from({ length: weights.numQueries }, (_, query) =>
    // Merged weights are encoded with three digits.
    Array.from({ length: weights.numKeys }, (_, key) => Number(weightAt(weights, query, key).toFixed(4))),
  );
}

const HEAD = head([
  [1, 0, 0, 0],
  [0.5, 0.5, 0, 0],
  [0.5, 0.125, 0.25, 0.125],
  [0.25, 0.25, 0.25, 0.25],
]);

describe("shownMapOf", () => {
  it("changes nothing by default", () => {
    const { description, apply } = shownMapOf(DESCRIPTION, NOTHING);
    expect(description).toBe(DESCRIPTION);
    expect(apply(HEAD)).toBe(HEAD);
  });

  it("merges words: sums over keys, means over queries", () => {
    const { description, apply } = shownMapOf(DESCRIPTION, { ...NOTHING, mergeWords: true });
    expect(description.query_tokens).toEqual(["[CLS]", "unseen", "cat"]);
    expect(description.sentence_b_start).toBe(2);
    expect(rowsOf(apply(HEAD))).toEqual([
      [1, 0, 0],
      [0.5, 0.4375, 0.0625],
      [0.25, 0.5, 0.25],
    ]);
  });

  it("leaves out the first key and scales the others to add up to 1", () => {
    const { description, apply } = shownMapOf(DESCRIPTION, { ...NOTHING, excluded: [0] });
    expect(description.key_tokens).toEqual(["un", "seen", "cat"]);
    expect(description.query_tokens).toEqual(DESCRIPTION.query_tokens);
    const [first, ...others] = rowsOf(apply(HEAD)) as [number[], ...number[][]];
    expect(first).toEqual([0, 0, 0]); // It attends to nothing else.
    for (const row of others) expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 3);
  });

  it("leaves out special tokens and keeps the other weights as they are", () => {
    const { description, apply } = shownMapOf(DESCRIPTION, { ...NOTHING, hideSpecial: true });
    expect([description.query_tokens, description.query_special]).toEqual([["un", "seen", "cat"], []]);
    expect(rowsOf(apply(HEAD))[1]).toEqual([0.125, 0.25, 0.125]);
  });

  it("hides weights under the threshold, and all but the strongest", () => {
    expect(rowsOf(shownMapOf(DESCRIPTION, { ...NOTHING, threshold: 0.25 }).apply(HEAD))[2]).toEqual([0.5, 0, 0.25, 0]);
    expect(rowsOf(shownMapOf(DESCRIPTION, { ...NOTHING, topK: 1 }).apply(HEAD))[2]).toEqual([0.5, 0, 0, 0]);
    expect(rowsOf(shownMapOf(DESCRIPTION, { ...NOTHING, topK: 9 }).apply(HEAD))).toEqual(rowsOf(HEAD));
  });

  it("hides all but the strongest queries of each key", () => {
    expect(rowsOf(shownMapOf(DESCRIPTION, { ...NOTHING, topK: 1, topOf: "key" }).apply(HEAD))).toEqual([
      [1, 0, 0, 0],
      [0, 0.5, 0, 0],
      [0, 0, 0.25, 0],
      [0, 0, 0.25, 0.25],
    ]);
    expect(rowsOf(shownMapOf(DESCRIPTION, { ...NOTHING, topK: 4, topOf: "key" }).apply(HEAD))).toEqual(rowsOf(HEAD));
  });

  it("keeps missing weights missing", () => {
    const hurt = head([
      [1, 0, 0, 0],
      [0.5, Number.NaN, 0, 0.5],
      [1, 0, 0, 0],
      [1, 0, 0, 0],
    ]);
    expect(rowsOf(shownMapOf(DESCRIPTION, { ...NOTHING, threshold: 0.6 }).apply(hurt))[1]).toEqual([
      0,
      Number.NaN,
      0,
      0,
    ]);
    expect(rowsOf(shownMapOf(DESCRIPTION, { ...NOTHING, mergeWords: true }).apply(hurt))[1]).toEqual([
      0.75,
      Number.NaN,
      0.25,
    ]);
  });

  it("keeps each row's sum when words are merged", () => {
    const weights = fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), {
      minLength: 4,
      maxLength: 4,
    });
    fc.assert(
      fc.property(weights, fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }), (rows, words) => {
        const given = head(rows);
        const { apply, queries } = shownMapOf(
          { ...DESCRIPTION, query_words: words, key_words: words },
          { ...NOTHING, mergeWords: true },
        );
        const sum = (row: readonly number[]) => row.reduce((total, weight) => total + weight, 0);
        rowsOf(apply(given)).forEach((row, shown) => {
          const group = queries.groups[shown] as readonly number[];
          const mean = group.reduce((total, query) => total + sum(rowsOf(given)[query] as number[]), 0) / group.length;
          expect(sum(row)).toBeCloseTo(mean, 2);
        });
      }),
    );
  });
});
