import { describe, expect, it } from "vitest";
import { formatWeight } from "../look/format";
import { float16Of } from "../weights/codecs/float16";
import { float16Table, sqrt8Table } from "../weights/codecs/tables";
import { type HeadWeights, weightAt } from "../weights/head-weights";
import { averageHeads, largestWeight } from "./average-heads";

function head(rows: readonly (readonly number[])[]): HeadWeights {
  const codes = Uint16Array.from(rows.flat(), float16Of);
  return { numQueries: rows.length, numKeys: rows[0]?.length ?? 0, codes, table: float16Table, dtype: "float16" };
}

const A = head([
  [0.25, 0.75],
  [1, 0],
]);
const B = head([
  [0.75, 0.25],
  [0.5, Number.NaN],
]);

describe("averageHeads", () => {
  it("is the mean or the sum of each cell, and the sum may exceed 1", () => {
    const mean = averageHeads([A, B], "mean");
    const cells = [weightAt(mean, 0, 0), weightAt(mean, 0, 1), weightAt(mean, 1, 0)];
    expect(cells.map((weight) => formatWeight(weight))).toEqual(["0.500", "0.500", "0.750"]);
    expect(weightAt(averageHeads([A, B], "sum"), 1, 0)).toBe(1.5);
  });

  it("is missing where any head's weight is missing", () => {
    expect(weightAt(averageHeads([A, B], "sum"), 1, 1)).toBeNaN();
  });

  it("returns a single head unchanged", () => {
    expect(averageHeads([A], "sum")).toBe(A);
  });

  it("keeps the mark of rounded weights", () => {
    const bytes: HeadWeights = { ...A, codes: Uint8Array.of(0, 254, 127, 255), table: sqrt8Table, dtype: "sqrt8" };
    const mean = averageHeads([bytes, bytes, bytes], "mean");
    expect(mean.dtype).toBe("sqrt8");
    expect([weightAt(mean, 0, 1), weightAt(mean, 1, 0)].map((weight) => formatWeight(weight))).toEqual([
      "1.00",
      "0.250",
    ]);
  });
});

describe("largestWeight", () => {
  it("searches only the given range, and skips missing weights", () => {
    expect(largestWeight(A, [0, 2], [0, 2])).toBe(1);
    expect(largestWeight(A, [0, 1], [0, 1])).toBe(0.25);
    expect(largestWeight(B, [1, 2], [1, 2])).toBe(0);
  });
});
