import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeadWeights } from "../core/head-weights";
import { drawHeat } from "./heat";
import type { Picture } from "./picture";

/** Colour `index` is (index, 0, 255 - index). */
const TABLE = Uint8ClampedArray.from(
  { length: 768 },
  (_, at) => [Math.floor(at / 3), 0, 255 - Math.floor(at / 3)][at % 3] ?? 0,
);

function head(rows: readonly (readonly number[])[]): HeadWeights {
  const table = Float32Array.from(rows.flat());
  const codes = Uint16Array.from(table.keys());
  return { numQueries: rows.length, numKeys: rows[0]?.length ?? 0, codes, table, dtype: "float16" };
}

function picture(width: number, height: number): Picture {
  return { width, height, data: new Uint8ClampedArray(width * height * 4) };
}

/** The colour of each pixel: its index in the table, null where nothing was drawn, "missing" where it is grey. */
function indices({ width, height, data }: Picture): (number | null | "missing")[][] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [r, g, b, a] = data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4);
      if (a === 0) return null;
      return g === 128 && r === 128 && b === 128 ? "missing" : (r as number);
    }),
  );
}

describe("drawHeat", () => {
  it("draws queries as rows and keys as columns, into its rectangle alone", () => {
    const drawn = picture(5, 4);
    const weights = head([
      [0, 0.2, 0.4],
      [0.6, 0.8, 1],
    ]);
    drawHeat(drawn, weights, TABLE, 1, 1, 3, 2, "linear");
    expect(indices(drawn)).toEqual([
      [null, null, null, null, null],
      [null, 0, 51, 102, null],
      [null, 153, 204, 255, null],
      [null, null, null, null, null],
    ]);
    expect([...drawn.data.subarray(4 * 6, 4 * 6 + 4)]).toEqual([0, 0, 255, 255]);
  });

  it("repeats a cell over several pixels", () => {
    const drawn = picture(4, 2);
    drawHeat(drawn, head([[0.2, 1]]), TABLE, 0, 0, 4, 2, "linear");
    expect(indices(drawn)).toEqual([
      [51, 51, 255, 255],
      [51, 51, 255, 255],
    ]);
  });

  it("shows the largest weight under a pixel, so that no weight is ever lost", () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(size, size, size, size, fc.nat(), (numQueries, numKeys, width, height, place) => {
        const [query, key] = [place % numQueries, Math.floor(place / numQueries) % numKeys];
        const rows = Array.from({ length: numQueries }, (_, q) =>
          Array.from({ length: numKeys }, (_, k) => (q === query && k === key ? 1 : 0)),
        );
        const drawn = picture(width, height);
        drawHeat(drawn, head(rows), TABLE, 0, 0, width, height, "linear");
        expect(indices(drawn).flat()).toContain(255);
        expect(indices(drawn).flat()).not.toContain(null);
      }),
    );
  });

  it("hatches pixels of which every weight is missing", () => {
    const drawn = picture(2, 1);
    drawHeat(drawn, head([[Number.NaN, 0.2, Number.NaN, Number.NaN]]), TABLE, 0, 0, 2, 1, "linear");
    expect(indices(drawn)).toEqual([[51, "missing"]]);
    const large = picture(20, 20);
    drawHeat(large, head([[Number.NaN]]), TABLE, 0, 0, 20, 20, "linear");
    expect(new Set(indices(large).flat())).toEqual(new Set(["missing"]));
    expect(new Set(large.data.filter((_, at) => at % 4 === 3)).size).toBe(2);
  });

  it("follows the scale and its largest weight", () => {
    const drawn = picture(1, 1);
    drawHeat(drawn, head([[0.25]]), TABLE, 0, 0, 1, 1, "sqrt");
    expect(indices(drawn)).toEqual([[128]]);
    drawHeat(drawn, head([[0.25]]), TABLE, 0, 0, 1, 1, "linear", 0.5);
    expect(indices(drawn)).toEqual([[128]]);
  });
});
