import { describe, expect, it } from "vitest";
import { halfOf } from "./half";
import type { HeadWeights } from "./head-weights";
import { shadesOfKey, shadesOfQuery, shadesReceived } from "./shades";
import { float16Table } from "./tables";

function head(rows: readonly (readonly number[])[]): HeadWeights {
  const codes = Uint16Array.from(rows.flat(), halfOf);
  return { numQueries: rows.length, numKeys: rows[0]?.length ?? 0, codes, table: float16Table, dtype: "float16" };
}

const HEADS = [
  head([
    [1, 0, 0],
    [0.5, 0.25, Number.NaN],
  ]),
  head([
    [0.5, 0.5, 0],
    [0, 0.75, 0.25],
  ]),
];

describe("shades", () => {
  it("are means over the heads, of a query's keys or a key's queries", () => {
    expect([...shadesOfQuery(HEADS, 0)]).toEqual([0.75, 0.25, 0]);
    expect([...shadesOfKey(HEADS, 1)]).toEqual([0.25, 0.5]);
  });

  it("are missing where one of the weights is", () => {
    expect(shadesOfQuery(HEADS, 1)[2]).toBeNaN();
  });

  it("received by a key are the mean of the weights that are there", () => {
    expect([...shadesReceived(HEADS, [0, 2])]).toEqual([0.5, 0.375, Math.fround(0.25 / 3)]);
    expect([...shadesReceived(HEADS, [1, 2])]).toEqual([0.25, 0.5, 0.25]);
    const none = head([[Number.NaN]]);
    expect(shadesReceived([none], [0, 1])[0]).toBeNaN();
  });
});
