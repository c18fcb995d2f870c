import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapInfo } from "../contract.gen";
import { halfOf } from "./half";
import { type HeadWeights, weightAt } from "./head-weights";
import { type LensOptions, lensOf } from "./lens";
import { float16Table } from "./tables";

const NOTHING: LensOptions = {
  threshold: null,
  topK: null,
  topOf: "query",
  hideSpecial: false,
  hideSink: false,
  mergeWords: false,
  closed: () => false,
};
const WORDS = [0, 1, 1, 2];
const TOKENS = ["[CLS]", "un", "seen", "cat"];
const INFO: MapInfo = {
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
  const codes = Uint16Array.from(rows.flat(), halfOf);
  return { numQueries: rows.length, numKeys: rows[0]?.length ?? 0, codes, table: float16Table, dtype: "float16" };
}

function rowsOf(weights: HeadWeights): number[][] {
  return Array.from({ length: weights.numQueries }, (_, query) =>
    // What is put together travels with three digits.
    Array.from({ length: weights.numKeys }, (_, key) => Number(weightAt(weights, query, key).toFixed(4))),
  );
}

const HEAD = head([
  [1, 0, 0, 0],
  [0.5, 0.5, 0, 0],
  [0.5, 0.125, 0.25, 0.125],
  [0.25, 0.25, 0.25, 0.25],
]);

describe("lensOf", () => {
  it("changes nothing where nothing is asked of it", () => {
    const { info, apply } = lensOf(INFO, NOTHING);
    expect(info).toBe(INFO);
    expect(apply(HEAD)).toBe(HEAD);
  });

  it("puts words together: sums over keys, means over queries", () => {
    const { info, apply } = lensOf(INFO, { ...NOTHING, mergeWords: true });
    expect(info.query_tokens).toEqual(["[CLS]", "unseen", "cat"]);
    expect(info.sentence_b_start).toBe(2);
    expect(rowsOf(apply(HEAD))).toEqual([
      [1, 0, 0],
      [0.5, 0.4375, 0.0625],
      [0.25, 0.5, 0.25],
    ]);
  });

  it("leaves out the first key and lets the others add up to 1", () => {
    const { info, apply } = lensOf(INFO, { ...NOTHING, hideSink: true });
    expect(info.key_tokens).toEqual(["un", "seen", "cat"]);
    expect(info.query_tokens).toEqual(INFO.query_tokens);
    const [first, ...others] = rowsOf(apply(HEAD)) as [number[], ...number[][]];
    expect(first).toEqual([0, 0, 0]); // it attends to nothing else
    for (const row of others) expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 3);
  });

  it("leaves out special tokens and keeps the other weights as they are", () => {
    const { info, apply } = lensOf(INFO, { ...NOTHING, hideSpecial: true });
    expect([info.query_tokens, info.query_special]).toEqual([["un", "seen", "cat"], []]);
    expect(rowsOf(apply(HEAD))[1]).toEqual([0.125, 0.25, 0.125]);
  });

  it("leaves out weights under the threshold, and those beyond the strongest", () => {
    expect(rowsOf(lensOf(INFO, { ...NOTHING, threshold: 0.25 }).apply(HEAD))[2]).toEqual([0.5, 0, 0.25, 0]);
    expect(rowsOf(lensOf(INFO, { ...NOTHING, topK: 1 }).apply(HEAD))[2]).toEqual([0.5, 0, 0, 0]);
    expect(rowsOf(lensOf(INFO, { ...NOTHING, topK: 9 }).apply(HEAD))).toEqual(rowsOf(HEAD));
  });

  it("leaves out what is beyond the strongest queries of each key", () => {
    expect(rowsOf(lensOf(INFO, { ...NOTHING, topK: 1, topOf: "key" }).apply(HEAD))).toEqual([
      [1, 0, 0, 0],
      [0, 0.5, 0, 0],
      [0, 0, 0.25, 0],
      [0, 0, 0.25, 0.25],
    ]);
    expect(rowsOf(lensOf(INFO, { ...NOTHING, topK: 4, topOf: "key" }).apply(HEAD))).toEqual(rowsOf(HEAD));
  });

  it("keeps what is missing missing", () => {
    const hurt = head([
      [1, 0, 0, 0],
      [0.5, Number.NaN, 0, 0.5],
      [1, 0, 0, 0],
      [1, 0, 0, 0],
    ]);
    expect(rowsOf(lensOf(INFO, { ...NOTHING, threshold: 0.6 }).apply(hurt))[1]).toEqual([0, Number.NaN, 0, 0]);
    expect(rowsOf(lensOf(INFO, { ...NOTHING, mergeWords: true }).apply(hurt))[1]).toEqual([0.75, Number.NaN, 0.25]);
  });

  it("keeps each row's sum when words are put together", () => {
    const weights = fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), {
      minLength: 4,
      maxLength: 4,
    });
    fc.assert(
      fc.property(weights, fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }), (rows, words) => {
        const given = head(rows);
        const { apply, queries } = lensOf(
          { ...INFO, query_words: words, key_words: words },
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
