import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeadWeights } from "../core/head-weights";
import { shownPositions } from "./edges";
import { type Bands, hazeOf } from "./haze";

const NAN = Number.NaN;
const GEOMETRY = {
  queryY: Float32Array.of(NAN, 10, 30, 50, 70),
  keyY: Float32Array.of(10, 30, NAN, 50),
  left: 0,
  right: 100,
};
const STYLE = { opacity: 0.5, halfWidth: 1, query: null, key: null };

function head(values: readonly number[]): HeadWeights {
  const table = Float32Array.from(values);
  return { numQueries: 5, numKeys: 4, codes: Uint16Array.from(table.keys()), table, dtype: "float16" };
}

function haze(weights: HeadWeights, threshold: number, tile: number) {
  return hazeOf(weights, shownPositions(GEOMETRY, STYLE), GEOMETRY, STYLE.opacity, threshold, tile);
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}

describe("hazeOf", () => {
  it("loses and doubles no shown line under the threshold, whatever the bundles", () => {
    const weight = fc.oneof(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.constantFrom(0, NAN));
    const weights = fc.array(weight, { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(
        weights,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 6 }),
        (values, threshold, tile) => {
          const { table } = head(values);
          const shown = [...table].filter((_, cell) => cell >= 4 && cell % 4 !== 2);
          const faint = shown.filter((value) => value > 0 && value < threshold).map((value) => value * STYLE.opacity);
          const { fromQueries, toKeys } = haze(head(values), threshold, tile);
          expect(sum(fromQueries.opacity)).toBeCloseTo(sum(faint), 4);
          expect(sum(toKeys.opacity)).toBeCloseTo(sum(faint), 4);
        },
      ),
    );
  });

  it("spreads a bundle over the rows of its tokens", () => {
    const rows = ({ point, fall, spread, opacity }: Bands) =>
      [...point].map((y, index) => [y, y + (fall[index] as number), spread[index], opacity[index]]);
    const { fromQueries, toKeys } = haze(head(new Array(20).fill(0.25)), 1, 2);
    expect(rows(fromQueries)).toEqual([
      ...[10, 30, 50, 70].map((y) => [y, 20, 20, 0.25]),
      ...[10, 30, 50, 70].map((y) => [y, 50, 10, 0.125]),
    ]);
    expect(rows(toKeys)).toEqual([
      ...[10, 30, 50].map((y) => [y, 20, 20, 0.25]),
      ...[10, 30, 50].map((y) => [y, 60, 20, 0.25]),
    ]);
  });
});
