import { expect, test } from "vitest";
import { headWeights, mapDescription } from "../../../testing/view";
import { tracedHead, traceRequest, usuallyLeftOut } from "./trace";

const MAP = mapDescription(["[CLS]", "a", "b", "[SEP]"], { key_special: [0, 3] });

test("a pair asks for one weight of each head, a query for its row, a key for its mean", () => {
  const pair = traceRequest({ query: 2, key: 1, ignored: [] }, MAP, 1);
  expect(pair).toEqual({ map: "self", layer: 1, heads: [0, 1, 2, 3], queries: [[2, 3]], keys: [[1, 2]], without: [] });
  expect(traceRequest({ query: 2, key: null, ignored: [] }, MAP, 0).keys).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
  ]);
  expect(traceRequest({ query: null, key: 1, ignored: [] }, MAP, 0).queries).toEqual([[0, 4]]);
});

test("the strongest key of a query is not one of those at which most heads look", () => {
  expect(usuallyLeftOut(MAP)).toEqual([0, 3]);
  expect(usuallyLeftOut(mapDescription(["a"]))).toEqual([0]);
  const row = headWeights(1, 4, (_, key) => [0.6, 0.1, 0.25, 0.05][key] as number);
  const query = { query: 1, key: null, ignored: [0, 3] };
  expect(tracedHead(row, query)).toEqual({ weight: expect.closeTo(0.25, 2), key: 2 });
  expect(tracedHead(row, { ...query, ignored: [] }).key).toBe(0);
  expect(tracedHead(row, { ...query, ignored: [0, 1, 2, 3] })).toEqual({ weight: Number.NaN, key: null });
  expect(
    tracedHead(
      headWeights(1, 1, () => 0.5),
      { ...query, key: 2 },
    ),
  ).toEqual({
    weight: expect.closeTo(0.5, 2),
    key: null,
  });
});

test("missing weights are no weights", () => {
  const row = headWeights(1, 3, (_, key) => (key === 1 ? 0.2 : Number.NaN));
  expect(tracedHead(row, { query: 0, key: null, ignored: [] })).toEqual({ weight: expect.closeTo(0.2, 2), key: 1 });
  expect(
    tracedHead(
      headWeights(1, 1, () => Number.NaN),
      { query: 0, key: 1, ignored: [] },
    ).weight,
  ).toBeNaN();
});
