import { expect, it } from "vitest";
import { encodeWeights, type HeadWeights } from "../weights/head-weights";
import { axisOf } from "./axis";
import { groupedSight, hasMask, type Sight, sightOf, sightOfBins } from "./sight";

function head(rows: readonly (readonly number[])[]): HeadWeights {
  return { numQueries: rows.length, numKeys: rows[0]?.length ?? 0, ...encodeWeights(rows.flat()) };
}

/** Each query's open keys. */
function open({ first, stop, keys }: Sight): number[][] {
  return [...first].map((from, query) =>
    [...keys.keys()].filter((key) => key >= from && key < (stop[query] as number) && keys[key] === 1),
  );
}

const CAUSAL = head([
  [1, 0, 0, 0],
  [1, 0, 0, 0],
  [0.5, 0, 0.5, 0],
  [0.2, 0.3, 0, 0.5],
]);

it("opens a causal head up to its diagonal, also where a weight vanishes", () => {
  expect(open(sightOf([CAUSAL]))).toEqual([[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]);
  expect(hasMask(sightOf([CAUSAL]))).toBe(true);
});

it("opens everything in a head that looks both ways, except tokens without any weight", () => {
  const both = head([
    [0.5, 0.5, 0],
    [0.5, 0.5, 0],
    [0, 0, 0],
  ]);
  expect(open(sightOf([both]))).toEqual([[0, 1], [0, 1], []]);
  expect(hasMask(sightOf([head([[0.5, 0.5]])]))).toBe(false);
});

it("opens what any head sees, and what is missing", () => {
  const [near, far] = [head([[1, 0]]), head([[0, Number.NaN]])];
  expect(open(sightOf([near, far]))).toEqual([[0, 1]]);
});

it("follows rows and columns that are hidden or merged", () => {
  const [queries, keys] = [axisOf(4, [0, 1, 1, 2], new Set()), axisOf(4, null, new Set([0]))];
  expect(open(groupedSight(sightOf([CAUSAL]), queries, keys))).toEqual([[], [0, 1], [0, 1, 2]]);
});

it("carries a causal mask from the tile over the whole head to finer bins", () => {
  const tile = head([
    [0.5, 0],
    [0.1, 0.5],
  ]);
  const bins = { level: 0, queries: [1, 4], keys: [1, 4] } as const;
  expect(open(sightOfBins([tile], 1, bins))).toEqual([[0], [0, 1], [0, 1, 2]]);
});

it("opens each region of a composed map by itself, and all that nothing connects", () => {
  const none = Number.NaN;
  const composed = head([
    [0.5, 0.5, none, none, none],
    [0.2, 0.8, none, none, none],
    [0.4, 0.6, 1, 0, 0],
    [0.4, 0.6, 0.5, 0.5, 0],
    [0.4, 0.6, 0.2, 0, 0.8],
  ]);
  const [source, target] = [[0, 2] as const, [2, 5] as const];
  const regions = [source, target].flatMap((queries) => [source, target].map((keys) => ({ queries, keys })));
  const seen = [
    [0, 1, 2, 3, 4],
    [0, 1, 2, 3, 4],
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ];
  expect(open(sightOf([composed], regions))).toEqual(seen);
  expect(hasMask(sightOf([composed], regions))).toBe(true);
  const bins = { level: 0, queries: [0, 5], keys: [0, 5] } as const;
  expect(open(sightOfBins([composed], 0, { ...bins, queries: [0, 5], keys: [0, 5] }, regions))).toEqual(seen);
});
