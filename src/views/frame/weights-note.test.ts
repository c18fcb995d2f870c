import { signal } from "@preact/signals-core";
import { expect, it } from "vitest";
import type { ViewContext } from "../../core/state/context";
import { encodeWeights } from "../../core/weights/head-weights";
import { weightsNote } from "./weights-note";

function head(weights: number[]) {
  return {
    head: 0,
    color: [0, 0, 0] as const,
    weights: { numQueries: 1, numKeys: weights.length, ...encodeWeights(weights) },
  };
}

/** A scene of one query that shows some keys. */
function sceneOf(keys: [number, number]) {
  const ranges = signal({ queries: [0, 1] as [number, number], keys });
  return { ranges, wholeMap: signal(undefined), layer: signal(0), context: {} as ViewContext };
}

it.each<[number[][], string]>([
  [[[0, 0.25, 1]], ""],
  [
    [
      [0, -0.6, 0.6],
      [-0.9, 0.9, 0],
    ],
    "2 weights are below 0 and drawn like 0",
  ],
  [[[-0.5]], "1 weight is below 0 and drawn like 0"],
  [[[Number.NaN, -0.5, 2]], "1 weight is missing (NaN); 1 weight is below 0 and drawn like 0"],
  [[[Number.NaN], [Number.NaN]], "2 weights are missing (NaN)"],
  [[], ""],
])("says what a picture of %j does not show", (heads, note) => {
  expect(weightsNote(heads.map(head), sceneOf([0, 9]))).toBe(note);
});

it("counts only weights between the tokens that are shown", () => {
  const heads = [head([Number.NaN, 0.5, -0.5])];
  expect(weightsNote(heads, sceneOf([1, 3]))).toBe("1 weight is below 0 and drawn like 0");
  expect(weightsNote(heads, sceneOf([1, 2]))).toBe("");
});
