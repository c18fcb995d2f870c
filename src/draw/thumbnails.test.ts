import { describe, expect, it } from "vitest";
import type { PixelBuffer } from "../core/look/pixel-buffer";
import type { HeadWeights } from "../core/weights/head-weights";
import { drawThumbnail } from "./thumbnails";

function head(size: number, weightOf: (query: number, key: number) => number): HeadWeights {
  const table = Float32Array.from({ length: size * size }, (_, cell) => weightOf(Math.floor(cell / size), cell % size));
  return { numQueries: size, numKeys: size, codes: Uint16Array.from(table.keys()), table, dtype: "float16" };
}

function draw(weights: HeadWeights, size = 48): { picture: PixelBuffer; alpha: (x: number, y: number) => number } {
  const picture = {
    width: size + 10,
    height: size + 6,
    data: new Uint8ClampedArray((size + 10) * (size + 6) * 4).fill(9),
  };
  drawThumbnail(picture, 4, 2, size, weights, [10, 200, 30]);
  return { picture, alpha: (x, y) => (picture.data[((y + 2) * picture.width + x + 4) * 4 + 3] as number) / 255 };
}

describe("drawThumbnail", () => {
  it("draws only in its square, and clears it first", () => {
    const { picture, alpha } = draw(head(8, (query, key) => (query === key ? 1 : 0)));
    expect(alpha(20, 0)).toBe(0);
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) {
        const inside = x >= 4 && x < 52 && y >= 2 && y < 50;
        const pixel = [...picture.data.subarray((y * picture.width + x) * 4, (y * picture.width + x) * 4 + 4)];
        if (!inside) expect(pixel).toEqual([9, 9, 9, 9]);
        else if ((pixel[3] as number) > 0) expect(pixel.slice(0, 3)).toEqual([10, 200, 30]);
      }
    }
  });

  it("leads from queries on the left to keys on the right", () => {
    const { alpha } = draw(head(4, (query, key) => (query === 0 && key === 3 ? 1 : 0)));
    const rows = (x: number) => Array.from({ length: 48 }, (_, y) => y).filter((y) => alpha(x, y) > 0.3);
    expect(rows(0)).toEqual([6]);
    expect(rows(47)).toEqual([41]);
    expect(rows(24).length).toBeGreaterThan(0);
    expect(Math.abs((rows(24)[0] as number) - 24)).toBeLessThan(3);
  });

  it.each([
    ["one key", 64, (_: number, key: number) => (key === 0 ? 1 : 0)],
    ["the same token", 64, (query: number, key: number) => (key === query ? 1 : 0)],
    ["every key", 64, () => 1 / 64],
    ["every key of pooled bins", 64, () => 0.2],
    ["few tokens", 4, () => 1 / 4],
  ])("of %s is neither empty nor filled", (_, size, weightOf) => {
    const { alpha } = draw(head(size, weightOf));
    let ink = 0;
    for (let x = 0; x < 48; x++) for (let y = 0; y < 48; y++) ink += alpha(x, y) / 48 ** 2;
    expect(ink).toBeGreaterThan(0.05);
    expect(ink).toBeLessThan(0.45);
  });

  it("of a head without any weight is hatched, of one with a single row of weights it is not", () => {
    const { alpha } = draw(head(3, () => Number.NaN));
    const [stripe, ground] = [0xc8 / 255, 0x50 / 255];
    expect(new Set(Array.from({ length: 12 }, (_, x) => alpha(x, 24)))).toEqual(new Set([stripe, ground]));
    expect(draw(head(3, (query) => (query === 0 ? 1 / 3 : Number.NaN))).alpha(24, 47)).toBe(0);
  });
});
