import { expect, test } from "vitest";
import { encodeWeights, weightAt } from "../weights/head-weights";
import { cropped, scaledRanges } from "./cropped";

const weights = {
  numQueries: 3,
  numKeys: 4,
  ...encodeWeights([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((n) => n / 100)),
};

test("keeps the weights between the ranges, in their order", () => {
  const part = cropped(weights, { queries: [1, 3], keys: [2, 4] });
  expect([part.numQueries, part.numKeys]).toEqual([2, 2]);
  const all = [0, 1].map((query) => [0, 1].map((key) => weightAt(part, query, key).toFixed(2)));
  expect(all).toEqual([
    ["0.06", "0.07"],
    ["0.10", "0.11"],
  ]);
});

test("returns the same weights if the ranges leave nothing out", () => {
  expect(cropped(weights, { queries: [0, 3], keys: [0, 9] })).toBe(weights);
});

test("an empty range leaves no weight", () => {
  expect(cropped(weights, { queries: [2, 2], keys: [0, 4] }).codes).toHaveLength(0);
});

test("bins that lie partly in a range belong to it", () => {
  expect(scaledRanges({ queries: [0, 50], keys: [50, 99] }, [99, 99], [64, 64])).toEqual({
    queries: [0, 33],
    keys: [32, 64],
  });
});
