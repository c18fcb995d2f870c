import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headVectors, PLAIN_RULE } from "../../../testing/vectors";
import { chainOf } from "./chain";

const QUERIES = [[2, 0, -1]];
const KEYS = [
  [1, 5, 0],
  [0, 0, 4],
  [3, 1, 2],
];

describe("chainOf", () => {
  it("goes from dot products through scaling to the softmax", () => {
    const { dots, scaled, scores, softmax, capped, sinkShare, difference } = chainOf(headVectors(QUERIES, KEYS), 0);
    expect([...dots]).toEqual([2, -4, 4]);
    expect([...scaled]).toEqual([1, -2, 2]);
    expect([...scores]).toEqual([1, -2, 2]);
    const total = Math.exp(1) + Math.exp(-2) + Math.exp(2);
    [1, -2, 2].forEach((score, key) => {
      expect(softmax[key]).toBeCloseTo(Math.exp(score) / total, 14);
    });
    expect([capped, sinkShare, difference]).toEqual([null, null, null]);
  });

  it("applies the softcap before the bias, and hides keys last", () => {
    const rule = { ...PLAIN_RULE, softcap: 1.5 };
    const more = { rule, bias: Float32Array.of(0.25, 8, 0), hidden: Uint8Array.of(0, 1, 0) };
    const { capped, scores, softmax } = chainOf(headVectors(QUERIES, KEYS, more), 0);
    expect(capped?.[2]).toBeCloseTo(1.5 * Math.tanh(2 / 1.5), 14);
    expect(scores[0]).toBeCloseTo(1.5 * Math.tanh(1 / 1.5) + 0.25, 14);
    expect([scores[1], softmax[1]]).toEqual([Number.NEGATIVE_INFINITY, 0]);
  });

  it("gives the sink its share", () => {
    const { softmax, sinkShare } = chainOf(headVectors(QUERIES, KEYS, { rule: { ...PLAIN_RULE, sink: 2 } }), 0);
    expect(sinkShare).toBeCloseTo(softmax[2] as number, 14);
    expect((sinkShare as number) + softmax.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 14);
  });

  it("gives the largest difference from the exact weights", () => {
    const vectors = headVectors(QUERIES, KEYS);
    const exact = Float32Array.from(chainOf(vectors, 0).softmax);
    expect(chainOf({ ...vectors, weights: exact }, 0).difference).toBeLessThan(1e-7);
    exact[1] = (exact[1] as number) + 0.125;
    expect(chainOf({ ...vectors, weights: exact }, 0).difference).toBeCloseTo(0.125, 6);
  });

  it("is zero for a query that sees nothing, and finite for large scores", () => {
    const blind = chainOf(headVectors(QUERIES, KEYS, { hidden: Uint8Array.of(1, 1, 1) }), 0);
    expect([...blind.softmax]).toEqual([0, 0, 0]);
    const steep = chainOf(headVectors([[1000]], [[1000], [-1000]]), 0);
    expect([...steep.softmax]).toEqual([1, 0]);
  });

  it("counts rows from the first query of the range", () => {
    const vectors = headVectors([[1], [10]], [[1], [2]], { rows: [5, 7], bias: Float32Array.of(0, 0, 3, 4) });
    const { query, scores } = chainOf(vectors, 6);
    expect([[...query], [...scores]]).toEqual([[10], [8, 14]]);
  });

  it("adds up to 1 in every row that sees something", () => {
    const number = fc.float({ min: -50, max: 50, noNaN: true });
    const vector = fc.array(number, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(vector, fc.array(vector, { minLength: 1, maxLength: 9 }), (query, keys) => {
        const { softmax } = chainOf(headVectors([query], keys), 0);
        expect(softmax.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12);
      }),
    );
  });
});
