import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LineGeometry, LineStyle, Rgb } from "../../core/look/line-geometry";
import type { PixelBuffer } from "../../core/look/pixel-buffer";
import type { HeadWeights } from "../../core/weights/head-weights";
import { type DrawnHead, drawLines } from "./lines";

const RED: Rgb = [255, 0, 0];
const BLUE: Rgb = [0, 0, 255];

/** A head whose table is its own weights. */
function head(weights: readonly (readonly number[])[], color: Rgb = RED): DrawnHead {
  const table = Float32Array.from(weights.flat());
  const codes = Uint16Array.from(table.keys());
  const numKeys = weights[0]?.length ?? 0;
  return { weights: { numQueries: weights.length, numKeys, codes, table, dtype: "float16" }, color };
}

function picture(width: number, height: number): PixelBuffer {
  return { width, height, data: new Uint8ClampedArray(width * height * 4).fill(77) };
}

function geometry(queryY: number[], keyY: number[], left: number, right: number): LineGeometry {
  return { queryY: Float32Array.from(queryY), keyY: Float32Array.from(keyY), left, right };
}

const STYLE: LineStyle = { opacity: 1, halfWidth: 0.5, query: null, key: null };

function pixel({ width, data }: PixelBuffer, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

function alphas({ width, height, data }: PixelBuffer): number[][] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => data[(y * width + x) * 4 + 3] as number),
  );
}

const POINTS = Array.from({ length: 16 }, (_, index) => (index + 0.5) / 16);

/** The same picture by brute force: tests 16 x 16 points in each pixel against each line. */
function reference(size: PixelBuffer, heads: readonly DrawnHead[], where: LineGeometry, style: LineStyle): PixelBuffer {
  const drawn = picture(size.width, size.height);
  for (let x = 0; x < size.width; x++) {
    const columns = heads.map(({ weights }) => POINTS.flatMap((point) => linesAt(x + point, weights, where, style)));
    for (let y = 0; y < size.height; y++) {
      const sums = columns.map((lines) => {
        let sum = 0;
        for (const line of lines)
          for (const point of POINTS) if (Math.abs(y + point - line.y) <= line.half) sum += line.opacity;
        return sum / 256;
      });
      const total = sums.reduce((sum, opacity) => sum + opacity ** 4, 0);
      const color = [0, 1, 2].map((channel) =>
        sums.reduce(
          (sum, opacity, index) => sum + (opacity ** 4 / (total || 1)) * (heads[index]?.color[channel] ?? 0),
          0,
        ),
      );
      drawn.data.set([...color, 255 * sums.reduce((sum, opacity) => sum + opacity, 0)], (y * size.width + x) * 4);
    }
  }
  return drawn;
}

/** The y of each line of a head at x, and half its height there. */
function linesAt(x: number, weights: HeadWeights, { queryY, keyY, left, right }: LineGeometry, style: LineStyle) {
  if (x < left || x > right) return [];
  const u = (x - left) / (right - left);
  return [...weights.table].map((weight, index) => {
    const from = queryY[Math.floor(index / weights.numKeys)] as number;
    const fall = (keyY[index % weights.numKeys] as number) - from;
    const half = style.halfWidth * Math.hypot(1, (fall * 6 * u * (1 - u)) / (right - left));
    return { y: from + fall * (3 * u ** 2 - 2 * u ** 3), half, opacity: weight * style.opacity };
  });
}

describe("drawLines", () => {
  it("replaces the picture with a level line in the head's colour from left to right", () => {
    const drawn = picture(6, 4);
    expect(drawLines(drawn, [head([[1]])], geometry([1.5], [1.5], 1, 5), STYLE)).toBe(1);
    expect(alphas(drawn)).toEqual([
      [0, 0, 0, 0, 0, 0],
      [0, 255, 255, 255, 255, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    expect(pixel(drawn, 2, 1)).toEqual([255, 0, 0, 255]);
    expect(pixel(drawn, 0, 0)).toEqual([0, 0, 0, 0]);
  });

  it("distributes a line over the pixels that it covers", () => {
    const drawn = picture(4, 3);
    drawLines(drawn, [head([[1]])], geometry([1.25], [1.25], 0.5, 3.25), STYLE);
    expect(alphas(drawn)).toEqual([
      [32, 64, 64, 16],
      [96, 191, 191, 48],
      [0, 0, 0, 0],
    ]);
  });

  it("is as opaque as the weight times the style's opacity", () => {
    const drawn = picture(3, 3);
    drawLines(drawn, [head([[0.5]])], geometry([1.5], [1.5], 0, 3), { ...STYLE, opacity: 0.25 });
    expect(pixel(drawn, 1, 1)).toEqual([255, 0, 0, Math.round(255 / 8)]);
  });

  it("leaves the query and reaches the key horizontally", () => {
    const drawn = picture(60, 40);
    drawLines(drawn, [head([[1]])], geometry([5.5], [34.5], 0, 60), STYLE);
    const columns = alphas(drawn);
    for (const [x, y] of [
      [0, 5],
      [1, 5],
      [58, 34],
      [59, 34],
    ] as const) {
      expect(columns[y]?.[x]).toBeGreaterThan(230);
    }
    expect(columns[20]?.[30]).toBeGreaterThan(50);
  });

  it("draws no line for a weight of zero, a missing weight or a hidden token", () => {
    const weights = [
      [0, Number.NaN, 0.5],
      [0.5, 0.5, 0.5],
    ];
    const drawn = picture(10, 30);
    const where = geometry([5, Number.NaN], [5, 15, Number.NaN], 0, 10);
    expect(drawLines(drawn, [head(weights)], where, STYLE)).toBe(0);
    expect(drawn.data.every((value) => value === 0)).toBe(true);
  });

  it("draws only the lines of one token", () => {
    const ones = head([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    const where = geometry([5, 15], [5, 15, 25], 0, 20);
    const count = (style: Partial<LineStyle>) => drawLines(picture(20, 30), [ones], where, { ...STYLE, ...style });
    expect(count({})).toBe(6);
    expect(count({ query: 1 })).toBe(3);
    expect(count({ key: 2 })).toBe(2);
    expect(count({ query: 0, key: 0 })).toBe(1);
    expect(count({ query: 7 })).toBe(0);
  });

  it("lets faint lines add up, and a strong head keep its colour among faint ones", () => {
    const drawn = picture(3, 3);
    const faint = Array.from({ length: 10 }, () => head([[0.04]], BLUE));
    drawLines(drawn, faint, geometry([1.5], [1.5], 0, 3), STYLE);
    expect(pixel(drawn, 1, 1)).toEqual([0, 0, 255, 102]);
    drawLines(drawn, [...faint, head([[0.4]])], geometry([1.5], [1.5], 0, 3), STYLE);
    expect(pixel(drawn, 1, 1)).toEqual([255, 0, 0, 204]);
  });

  it("mixes the colours of equal heads in any order", () => {
    const heads = [head([[0.3]], [254, 0, 0]), head([[0.3]], [0, 0, 254])];
    const [one, other] = [picture(3, 3), picture(3, 3)];
    drawLines(one, heads, geometry([1.5], [1.5], 0, 3), STYLE);
    drawLines(other, [...heads].reverse(), geometry([1.5], [1.5], 0, 3), STYLE);
    expect(pixel(one, 1, 1)).toEqual([127, 0, 127, 153]);
    expect(other.data).toEqual(one.data);
  });

  it("looks like the same picture drawn by brute force", () => {
    const weight = fc.double({ min: 0, max: 1, noNaN: true });
    const y = fc.double({ min: 2, max: 22, noNaN: true });
    const scene = fc.record({
      weights: fc.array(fc.array(fc.array(weight, { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 2 }), {
        minLength: 1,
        maxLength: 2,
      }),
      queryY: fc.array(y, { minLength: 2, maxLength: 2 }),
      keyY: fc.array(y, { minLength: 3, maxLength: 3 }),
      halfWidth: fc.constantFrom(0.5, 0.75, 1.5),
    });
    fc.assert(
      fc.property(scene, ({ weights, queryY, keyY, halfWidth }) => {
        const heads = weights.map((rows, index) => head(rows, index === 0 ? [200, 40, 0] : [0, 90, 220]));
        const where = geometry(queryY, keyY, 1.5, 28);
        const style = { ...STYLE, opacity: 0.2, halfWidth };
        const drawn = picture(30, 24);
        drawLines(drawn, heads, where, style);
        expectAlike(drawn, reference(drawn, heads, where, style));
      }),
      { numRuns: 30 },
    );
  });

  it("draws steep lines smoothly", () => {
    const where = geometry([4.3], [75.7], 0, 18);
    const drawn = picture(18, 80);
    drawLines(drawn, [head([[1]])], where, { ...STYLE, halfWidth: 0.75 });
    const expected = reference(drawn, [head([[1]])], where, { ...STYLE, halfWidth: 0.75 });
    const differences = drawn.data.map((value, at) => Math.abs(value - (expected.data[at] as number)));
    const alpha = differences.filter((_, at) => at % 4 === 3);
    expect(Math.max(...alpha)).toBeLessThan(20);
    expect(alpha.reduce((sum, value) => sum + value, 0) / alpha.length).toBeLessThan(0.8);
  });

  it("is mirrored when queries and keys swap places", () => {
    const weights = [
      [0.9, 0.1, 0.3],
      [0.2, 0.6, 0.4],
    ];
    const turned = [0, 1, 2].map((key) => weights.map((row) => row[key] as number));
    const [one, other] = [picture(24, 40), picture(24, 40)];
    drawLines(one, [head(weights)], geometry([8, 30], [3, 19, 35], 0, 24), STYLE);
    drawLines(other, [head(turned)], geometry([3, 19, 35], [8, 30], 0, 24), STYLE);
    for (const [y, row] of alphas(other).entries()) {
      row.reverse().forEach((alpha, x) => {
        expect(Math.abs(alpha - (alphas(one)[y]?.[x] as number))).toBeLessThanOrEqual(1);
      });
    }
  });

  it("clips lines at the edges of the picture", () => {
    const [whole, cut] = [picture(20, 60), picture(20, 20)];
    drawLines(whole, [head([[1, 0.5]])], geometry([30], [2, 58], 0, 20), STYLE);
    drawLines(cut, [head([[1, 0.5]])], geometry([10], [-18, 38], 0, 20), STYLE);
    expect(alphas(cut)).toEqual(alphas(whole).slice(20, 40));
  });

  it("draws nothing if there is nothing to draw on or from", () => {
    expect(drawLines(picture(0, 0), [head([[1]])], geometry([1], [1], 0, 0), STYLE)).toBe(1);
    expect(drawLines(picture(4, 4), [], geometry([1], [1], 0, 4), STYLE)).toBe(0);
    const drawn = picture(4, 4);
    drawLines(drawn, [head([[1]])], geometry([1], [1], 4, 4), STYLE);
    expect(drawn.data.every((value) => value === 0)).toBe(true);
  });

  it("refuses weights whose tokens do not match the geometry", () => {
    expect(() => drawLines(picture(4, 4), [head([[1, 1]])], geometry([1], [1], 0, 4), STYLE)).toThrow(
      "1 x 2 weights can't be drawn between 1 queries and 1 keys.",
    );
  });
});

/** Pixels may differ slightly where lines are steep, but the picture as a whole may not. */
function expectAlike(drawn: PixelBuffer, expected: PixelBuffer): void {
  const ink = ({ data }: PixelBuffer) =>
    Float64Array.from(data, (v, at) => (at % 4 === 3 ? v : (v * (data[at | 3] as number)) / 255));
  const other = ink(expected);
  const differences = ink(drawn).map((value, at) => Math.abs(value - (other[at] as number)));
  expect(Math.max(...differences)).toBeLessThan(18);
  expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(0.4);
}
