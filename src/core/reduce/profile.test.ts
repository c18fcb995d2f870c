import { expect, it } from "vitest";
import { encodeWeights } from "../weights/head-weights";
import { axisOf } from "./axis";
import { attentionAlong, profileOf } from "./profile";
import { gatherRows } from "./row-window";

it("spreads the values of rows over their positions, relative to the largest", () => {
  const axis = gatherRows(axisOf(400, null, new Set()), [200, 204]);
  const values = axis.groups.map((group) => (group.includes(201) ? 0.5 : group.includes(10) ? 0.4 : 0));
  const profile = profileOf(axis, values, 100);
  expect(profile[50]).toBe(1);
  const stretch = axis.groups.find((group) => group.includes(10)) as number[];
  const bins = Math.floor((stretch.at(-1) as number) / 4) - Math.floor((stretch[0] as number) / 4) + 1;
  expect(profile[2]).toBeCloseTo(0.8 / bins, 5);
  expect(profile[90]).toBe(0);
});

it("follows the keys of a query, the queries of a key, or all visible rows", () => {
  const weights = Array.from(
    { length: 9 },
    (_, cell) => [0.25, 0.06, 0.56][(Math.floor(cell / 3) + cell) % 3] as number,
  );
  const head = { numQueries: 3, numKeys: 3, ...encodeWeights(weights) };
  const along = (side: "query" | "key", at: number | null) =>
    attentionAlong([head], side, at, [0, 2]).map((weight) => Number(weight.toFixed(2)));
  expect(along("query", 1)).toEqual([0.06, 0.56, 0.25]);
  expect(along("key", 0)).toEqual([0.25, 0.06, 0.56]);
  expect(along("query", null)).toEqual([0.16, 0.31, 0.41]);
  expect(attentionAlong([], "query", 0, [0, 1])).toEqual([]);
});
