import { describe, expect, it } from "vitest";
import type { HeadWeights } from "../../core/weights/head-weights";
import { collectEdges, shownPositions } from "./edges";

const TABLE = Float32Array.of(0, 0.25, 0.5, Number.NaN, -1, 4);
const HEAD: HeadWeights = {
  numQueries: 2,
  numKeys: 3,
  codes: Uint8Array.of(0, 1, 2, 3, 4, 5),
  table: TABLE,
  dtype: "sqrt8",
};
const GEOMETRY = { queryY: Float32Array.of(10, 20), keyY: Float32Array.of(5, 15, 35), left: 0, right: 1 };
const ALL = { opacity: 0.5, halfWidth: 1, query: null, key: null };

describe("shownPositions", () => {
  it("lists the shown positions", () => {
    const where = { ...GEOMETRY, queryY: Float32Array.of(Number.NaN, 3, Number.NaN, 9) };
    expect(shownPositions(where, ALL)).toEqual({ queries: Int32Array.of(1, 3), keys: Int32Array.of(0, 1, 2) });
    expect(shownPositions(where, { ...ALL, query: 3, key: 1 })).toEqual({
      queries: Int32Array.of(3),
      keys: Int32Array.of(1),
    });
    expect(shownPositions(where, { ...ALL, query: 2 }).queries).toHaveLength(0);
  });
});

describe("collectEdges", () => {
  const shown = shownPositions(GEOMETRY, ALL);

  it("takes the positive weights, and caps their opacity at 1", () => {
    const { strong, faint } = collectEdges(HEAD, 3, shown, GEOMETRY, 0.5, 0);
    expect(strong).toEqual({
      start: Float64Array.of(10, 10, 20),
      fall: Float64Array.of(5, 25, 15),
      opacity: Float64Array.of(0.125, 0.25, 1),
    });
    expect(faint.start).toHaveLength(0);
  });

  it("takes a weight that equals the threshold", () => {
    expect(collectEdges(HEAD, 2, shown, GEOMETRY, 0.5, 0.5).strong.opacity).toEqual(Float64Array.of(0.25, 1));
  });

  it("separates strong lines from faint ones", () => {
    const { strong, faint } = collectEdges(HEAD, 3, shown, GEOMETRY, 1 / 16, 0);
    expect(strong.opacity).toEqual(Float64Array.of(1 / 32, 1 / 4));
    expect(strong.fall).toEqual(Float64Array.of(25, 15));
    expect(faint).toEqual({
      start: Float64Array.of(10),
      fall: Float64Array.of(5),
      opacity: Float64Array.of(1 / 64),
    });
  });
});
