import { expect, it } from "vitest";
import type { MapPart } from "../../contract.gen";
import { GivenRows } from "../attend/weight-rows";
import { ComposedRows, within } from "./composed-rows";

const part = (name: string, queries: [number, number], keys: [number, number]): MapPart => ({ name, queries, keys });

/** The rows of an attention whose weights count up from `first`. */
function rowsOf(numQueries: number, numKeys: number, first: number): GivenRows {
  const values = Float32Array.from({ length: numQueries * numKeys }, (_, at) => first + at);
  return new GivenRows(numQueries, numKeys, new Uint8Array(values.buffer), "F32");
}

const rows = new ComposedRows(5, [
  { part: part("encoder", [0, 3], [0, 3]), rows: rowsOf(3, 3, 10) },
  { part: part("cross", [3, 5], [0, 3]), rows: rowsOf(2, 3, 40) },
  { part: part("decoder", [3, 5], [3, 5]), rows: rowsOf(2, 2, 60) },
]);

function read(start: number, stop: number, low: number, high: number): number[] {
  const into = new Float32Array((stop - start) * (high - low));
  rows.write(start, stop, into, low, high);
  return [...into];
}

it("writes any rectangle across the blocks, with missing weights where nothing connects", () => {
  const { NaN: none } = Number;
  expect(read(2, 4, 1, 5)).toEqual([17, 18, none, none, 41, 42, 60, 61]);
  expect(read(0, 1, 3, 5)).toEqual([none, none]);
  expect(read(4, 5, 0, 5)).toEqual([43, 44, 45, 62, 63]);
});

it("sees everything, since what is missing is not 0", () => {
  expect(rows.seen()).toEqual([0, 5]);
  expect(rows.isDivisible(0, 5)).toBe(true);
  expect(within([3, 5], 0, 2)).toEqual([0, 0]);
  expect(within([3, 5], 4, 9)).toEqual([1, 2]);
});
