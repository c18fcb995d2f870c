import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeadWeights } from "../../core/weights/head-weights";
import { BAND_COLUMNS, type Bands } from "./bands";
import { shownPositions } from "./edges";
import { hazeOf } from "./haze";
import { addUp, sumHaze } from "./haze-sums";
import { stretchesOf } from "./stretches";

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

const SHOWN = shownPositions(GEOMETRY, STYLE);

function haze(weights: HeadWeights, threshold: number, tile: number) {
  const queries = stretchesOf(GEOMETRY.queryY, SHOWN.queries, tile);
  const keys = stretchesOf(GEOMETRY.keyY, SHOWN.keys, tile);
  return hazeOf(sumHaze(weights, SHOWN, threshold, tile), queries, keys, STYLE.opacity);
}

/**
 * The bundles as rows: where they start, half the height there, where they end, half the height there, and the opacity.
 */
function rowsOf(bands: Bands): number[][] {
  return Array.from({ length: bands.length / BAND_COLUMNS }, (_, row) => {
    const column = (index: number) => bands[row * BAND_COLUMNS + index] as number;
    return [column(0), column(2), column(0) + column(1), column(2) + column(3), column(4)];
  });
}

function opacityOf(bands: Bands): number {
  return sum(rowsOf(bands).map((row) => row[4] as number));
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}

describe("hazeOf", () => {
  it("neither loses nor doubles a shown line below the threshold, whatever the bundles", () => {
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
          const { fromQueries, between, toKeys } = haze(head(values), threshold, tile);
          for (const bands of [fromQueries, between, toKeys]) expect(opacityOf(bands)).toBeCloseTo(sum(faint), 4);
        },
      ),
    );
  });

  it("spreads a bundle over the rows of its tokens", () => {
    const { fromQueries, toKeys } = haze(head(new Array(20).fill(0.25)), 1, 2);
    expect(rowsOf(fromQueries)).toEqual([
      ...[10, 30, 50, 70].map((y) => [y, 0, 20, 20, 0.25]),
      ...[10, 30, 50, 70].map((y) => [y, 0, 50, 10, 0.125]),
    ]);
    expect(rowsOf(toKeys)).toEqual([
      ...[10, 30, 50].map((y) => [y, 0, 20, 20, 0.25]),
      ...[10, 30, 50].map((y) => [y, 0, 60, 20, 0.25]),
    ]);
  });

  it("spreads the bundles in between over half as many tokens on both sides", () => {
    const { between } = haze(head(new Array(20).fill(0.25)), 1, 4);
    expect(rowsOf(between)).toEqual([
      ...[20, 60].map((y) => [y, 20, 20, 20, 0.5]),
      ...[20, 60].map((y) => [y, 20, 50, 10, 0.25]),
    ]);
  });
});

it("adds the haze of several heads", () => {
  const sums = [0.1, 0.2].map((weight) => sumHaze(head(new Array(20).fill(weight)), SHOWN, 1, 2));
  const { fromQueries, between, toKeys } = addUp(sums);
  for (const all of [fromQueries, between, toKeys]) expect(sum(all)).toBeCloseTo(0.3 * 12);
  expect(toKeys[0]).toBeCloseTo(0.6);
});
