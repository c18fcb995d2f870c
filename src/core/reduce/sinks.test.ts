import { expect, it } from "vitest";
import { encodeWeights, type HeadWeights } from "../weights/head-weights";
import { sightOf } from "./sight";
import { gatheredShares, largestBeside, sharesOfMeans, sinksOf } from "./sinks";

function head(rows: readonly (readonly number[])[]): HeadWeights {
  return { numQueries: rows.length, numKeys: rows[0]?.length ?? 0, ...encodeWeights(rows.flat()) };
}

const CAUSAL = head([
  [1, 0, 0, 0],
  [0.6, 0.4, 0, 0],
  [0.5, 0.2, 0.3, 0],
  [0.4, 0.1, 0.3, 0.2],
]);

it("averages a key's weights over the queries that see it", () => {
  const shares = gatheredShares([CAUSAL], sightOf([CAUSAL]));
  expect(shares[0]).toBeCloseTo(0.625, 3);
  expect(shares[1]).toBeCloseTo(0.7 / 3, 3);
  expect(shares[2]).toBeCloseTo(0.3, 3);
  expect(shares[3]).toBeCloseTo(0.2, 3);
  expect(sinksOf([CAUSAL], sightOf([CAUSAL]), 0.35)).toEqual([0]);
  expect(sinksOf([CAUSAL], sightOf([CAUSAL]), 0.1)).toEqual([0, 1, 2, 3]);
});

it("averages over heads and ignores missing weights", () => {
  const missing = head([
    [Number.NaN, Number.NaN],
    [Number.NaN, Number.NaN],
  ]);
  const both = head([
    [0.9, 0.1],
    [0.8, 0.2],
  ]);
  const shares = gatheredShares([both, missing], sightOf([both, missing]));
  expect(shares[0]).toBeCloseTo(0.85, 3);
  expect(shares[1]).toBeCloseTo(0.15, 3);
});

it("finds the largest weight beside the sinks, or of all if nothing else has weight", () => {
  expect(largestBeside(CAUSAL, [0])).toBeCloseTo(0.4, 3);
  expect(largestBeside(head([[1, 0]]), [0])).toBe(1);
});

it("gives keys that few queries see no share, and the same shares from means of queries", () => {
  const rows = Array.from({ length: 12 }, (_, query) =>
    Array.from({ length: 12 }, (_, key) => (key > query ? 0 : 1 / (query + 1))),
  );
  const whole = head(rows);
  const means = head([
    rows[0] as number[],
    Array.from({ length: 12 }, (_, key) => rows.slice(1).reduce((sum, row) => sum + (row[key] as number), 0) / 11),
  ]);
  const [direct, fromMeans] = [gatheredShares([whole], sightOf([whole])), sharesOfMeans([means], 12)];
  direct.forEach((share, key) => {
    if (key > 9) expect([share, fromMeans[key]]).toEqual([Number.NaN, Number.NaN]);
    else expect(fromMeans[key]).toBeCloseTo(share, 3);
  });
});
