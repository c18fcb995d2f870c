import { describe, expect, it } from "vitest";
import { float16Of } from "../weights/codecs/float16";
import { float16Table } from "../weights/codecs/tables";
import type { HeadWeights } from "../weights/head-weights";
import { givenToKey, meanReceived, receivedFromQuery } from "./received";

function head(rows: readonly (readonly number[])[]): HeadWeights {
  const codes = Uint16Array.from(rows.flat(), float16Of);
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

describe("received weights", () => {
  it("are means over the heads, of a query's keys or a key's queries", () => {
    expect([...receivedFromQuery(HEADS, 0)]).toEqual([0.75, 0.25, 0]);
    expect([...givenToKey(HEADS, 1)]).toEqual([0.25, 0.5]);
  });

  it("are missing where any head's weight is missing", () => {
    expect(receivedFromQuery(HEADS, 1)[2]).toBeNaN();
  });

  it("of a key are the mean of the weights that are not missing", () => {
    expect([...meanReceived(HEADS, [0, 2])]).toEqual([0.5, 0.375, Math.fround(0.25 / 3)]);
    expect([...meanReceived(HEADS, [1, 2])]).toEqual([0.25, 0.5, 0.25]);
    const none = head([[Number.NaN]]);
    expect(meanReceived([none], [0, 1])[0]).toBeNaN();
  });
});
