import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Scale } from "../core/look/colors";
import type { PixelArea, PixelBuffer } from "../core/look/pixel-buffer";
import type { Viewport } from "../core/look/viewport";
import type { HeadWeights } from "../core/weights/head-weights";
import { drawHeat, heatPixels } from "./heat";

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

function picture(width: number, height: number): PixelBuffer {
  return { width, height, data: new Uint8ClampedArray(width * height * 4) };
}

interface How {
  readonly area?: PixelArea;
  readonly viewport?: Viewport;
  readonly scale?: Scale;
  readonly max?: number;
}

function draw(drawn: PixelBuffer, weights: HeadWeights, how: How = {}): (number | null | "missing")[][] {
  const { area = { x: 0, y: 0, width: drawn.width, height: drawn.height }, scale = "linear", max = 1 } = how;
  const viewport = how.viewport ?? { queries: [0, weights.numQueries], keys: [0, weights.numKeys] };
  drawHeat(drawn, area, weights, viewport, heatPixels(weights, TABLE, scale, max));
  return indices(drawn);
}

/** The colour of each pixel: its index in the table, null if nothing was drawn, "missing" if it is grey. */
function indices({ width, height, data }: PixelBuffer): (number | null | "missing")[][] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [r, g, b, a] = data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4);
      if (a === 0) return null;
      return g === 128 && r === 128 && b === 128 ? "missing" : (r as number);
    }),
  );
}

describe("drawHeat", () => {
  it("draws queries as rows and keys as columns, only inside its area, and gives zero weights the first colour", () => {
    const drawn = picture(5, 4);
    const weights = head([
      [0, 0.2, 0.4],
      [0.6, 0.8, 1],
    ]);
    expect(draw(drawn, weights, { area: { x: 1, y: 1, width: 3, height: 2 } })).toEqual([
      [null, null, null, null, null],
      [null, 0, 51, 102, null],
      [null, 153, 204, 255, null],
      [null, null, null, null, null],
    ]);
    expect([...drawn.data.subarray(4 * 13, 4 * 13 + 4)]).toEqual([255, 0, 0, 255]);
  });

  it("repeats a cell over several pixels, and separates large cells", () => {
    expect(draw(picture(4, 2), head([[0.2, 1]]))).toEqual([
      [51, 51, 255, 255],
      [51, 51, 255, 255],
    ]);
    const large = draw(picture(24, 12), head([[0.2, 1]]));
    expect(large[0]).toEqual([...Array(11).fill(51), null, ...Array(11).fill(255), null]);
    expect(large.at(-2)).toEqual(large[0]);
    expect(large.at(-1)).toEqual(Array(24).fill(null));
  });

  it("shows the part in the viewport, even if it starts within a cell", () => {
    const weights = head([
      [0.2, 0.4, 0.6],
      [0.8, 1, 0.6],
    ]);
    expect(draw(picture(4, 1), weights, { viewport: { queries: [1, 2], keys: [0, 2] } })).toEqual([
      [204, 204, 255, 255],
    ]);
    expect(draw(picture(4, 1), weights, { viewport: { queries: [0, 1], keys: [0.5, 2.5] } })).toEqual([
      [51, 102, 102, 153],
    ]);
  });

  it("shows the largest weight under a pixel, so that no weight is ever lost", () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(size, size, size, size, fc.nat(), (numQueries, numKeys, width, height, place) => {
        const [query, key] = [place % numQueries, Math.floor(place / numQueries) % numKeys];
        const rows = Array.from({ length: numQueries }, (_, q) =>
          Array.from({ length: numKeys }, (_, k) => (q === query && k === key ? 1 : 0.2)),
        );
        const drawn = draw(picture(width, height), head(rows)).flat();
        expect(drawn).toContain(255);
        expect(drawn).not.toContain(null);
      }),
    );
  });

  it("hatches pixels whose weights are all missing", () => {
    expect(draw(picture(2, 1), head([[Number.NaN, 0.2, Number.NaN, Number.NaN]]))).toEqual([[51, "missing"]]);
    const large = picture(8, 8);
    expect(new Set(draw(large, head([[Number.NaN]])).flat())).toEqual(new Set(["missing"]));
    const rows = Array.from({ length: 8 }, (_, y) => large.data.subarray(y * 32, y * 32 + 32).join());
    expect(new Set(rows).size).toBe(6);
  });

  it("gives weights below the least the first colour, but not missing ones", () => {
    const weights = head([[0.2, 0.5, Number.NaN]]);
    const drawn = picture(3, 1);
    drawHeat(
      drawn,
      { x: 0, y: 0, width: 3, height: 1 },
      weights,
      { queries: [0, 1], keys: [0, 3] },
      heatPixels(weights, TABLE, "linear", 1, 0.5),
    );
    expect(indices(drawn)).toEqual([[0, 128, "missing"]]);
  });

  it("hatches masked cells faintly, and gives all others one ground", () => {
    const weights = head([
      [0.2, 0],
      [0, 0.4],
    ]);
    const sight = { first: Int32Array.of(0, 0), stop: Int32Array.of(1, 2), keys: Uint8Array.of(1, 1) };
    const drawn = picture(2, 2);
    const viewport: Viewport = { queries: [0, 2], keys: [0, 2] };
    drawHeat(
      drawn,
      { x: 0, y: 0, width: 2, height: 2 },
      weights,
      viewport,
      heatPixels(weights, TABLE, "linear", 1),
      sight,
    );
    expect(indices(drawn)).toEqual([
      [51, "missing"],
      [0, 102],
    ]);
    expect([4, 12].map((at) => drawn.data[at + 3])).toEqual([0x2c, 255]);
  });

  it("follows the scale and its largest weight", () => {
    const weights = head([[0.25]]);
    expect(draw(picture(1, 1), weights, { scale: "sqrt" })).toEqual([[128]]);
    expect(draw(picture(1, 1), weights, { max: 0.5 })).toEqual([[128]]);
    expect(draw(picture(1, 1), head([[1e-9]]), { scale: "log" })).toEqual([[0]]);
  });
});
