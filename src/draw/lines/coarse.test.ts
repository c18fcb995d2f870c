import { describe, expect, it } from "vitest";
import type { LineGeometry, LineStyle, Rgb } from "../../core/look/line-geometry";
import type { PixelBuffer } from "../../core/look/pixel-buffer";
import { CoarseDrawing } from "./coarse";
import { drawFinely } from "./fine";
import type { Effort } from "./line-budget";
import { Pixels } from "./pixels";
import { type DrawnHead, planStrokes } from "./plan";

const SIZE = 64;
const AREA = { x: 0, y: 0, width: SIZE, height: SIZE };
const STYLE: LineStyle = { opacity: 0.5, halfWidth: 0.75, query: null, key: null };
const EVERY_LINE: Effort = { all: 1e9, most: 1e9, haze: 1 };
const HAZE_ALONE: Effort = { all: 0, most: 0, haze: 1e6 };
const RED: Rgb = [255, 0, 0];
const BLUE: Rgb = [0, 0, 255];

/** A head with equal numbers of queries and keys, whose table is its own weights. */
function head(numTokens: number, color: Rgb, weightOf: (query: number, key: number) => number): DrawnHead {
  const table = Float32Array.from({ length: numTokens ** 2 }, (_, index) =>
    weightOf(Math.floor(index / numTokens), index % numTokens),
  );
  const codes = Uint16Array.from(table.keys());
  return { weights: { numQueries: numTokens, numKeys: numTokens, codes, table, dtype: "float16" }, color };
}

/** Tokens spread evenly over the picture, or over more than it shows. */
function geometry(numTokens: number, from = 0, to = SIZE): LineGeometry {
  const y = Float32Array.from({ length: numTokens }, (_, index) => from + ((index + 0.5) / numTokens) * (to - from));
  return { queryY: y, keyY: y, left: 2, right: SIZE - 3 };
}

function draw(
  way: "finely" | "coarsely",
  heads: readonly DrawnHead[],
  where: LineGeometry,
  effort = EVERY_LINE,
): PixelBuffer {
  const picture = { width: SIZE, height: SIZE, data: new Uint8ClampedArray(SIZE * SIZE * 4) };
  const plan = planStrokes(heads, where, STYLE, effort);
  const pixels = new Pixels(picture, AREA);
  if (way === "finely") drawFinely(pixels, AREA, heads, plan, where, STYLE.halfWidth, effort.most);
  else new CoarseDrawing(heads, plan, where, STYLE.halfWidth, SIZE).draw(pixels, AREA);
  return picture;
}

function alphas({ data }: PixelBuffer): number[] {
  return Array.from({ length: SIZE * SIZE }, (_, index) => (data[index * 4 + 3] as number) / 255);
}

/** The mean difference between the opacities of two pictures. */
function apart(one: PixelBuffer, other: PixelBuffer): number {
  const [a, b] = [alphas(one), alphas(other)];
  return a.reduce((sum, alpha, index) => sum + Math.abs(alpha - (b[index] as number)), 0) / a.length;
}

function mean(picture: PixelBuffer): number {
  return alphas(picture).reduce((sum, alpha) => sum + alpha, 0) / (SIZE * SIZE);
}

describe("CoarseDrawing", () => {
  const local = head(16, RED, (query, key) => 1 / (1 + (query - key) ** 2));
  const steep = head(16, BLUE, (query, key) => (query + key === 15 ? 0.8 : 0.01));

  it.each([
    ["level lines", [head(16, RED, (query, key) => (query === key ? 1 : 0))], geometry(16)],
    ["steep lines", [steep], geometry(16)],
    ["several heads", [local, steep], geometry(16)],
    ["lines that leave the picture", [local, steep], geometry(16, -SIZE, 2 * SIZE)],
  ] as const)("is as opaque as a fine drawing of %s", (_, heads, where) => {
    const fine = draw("finely", heads, where);
    const coarse = draw("coarsely", heads, where);
    expect(mean(fine)).toBeGreaterThan(0.02);
    expect(Math.abs(mean(coarse) / mean(fine) - 1)).toBeLessThan(0.02);
    expect(apart(fine, coarse)).toBeLessThan(0.01);
  });

  it("shows a haze where a fine drawing does", () => {
    const many = head(48, RED, (query, key) => (key <= query ? 1 / (query + 1) : 0));
    const fine = draw("finely", [many], geometry(48), HAZE_ALONE);
    const coarse = draw("coarsely", [many], geometry(48), HAZE_ALONE);
    expect(mean(fine)).toBeGreaterThan(0.02);
    expect(Math.abs(mean(coarse) / mean(fine) - 1)).toBeLessThan(0.02);
    expect(apart(fine, coarse)).toBeLessThan(0.02);
  });

  it("gives each square of 2 x 2 pixels one colour, that of the head whose lines are there", () => {
    const upper = head(4, RED, (query, key) => (query === 0 && key === 0 ? 1 : 0));
    const lower = head(4, BLUE, (query, key) => (query === 3 && key === 3 ? 1 : 0));
    const { data } = draw("coarsely", [upper, lower], geometry(4));
    const seen = new Set<string>();
    for (let y = 0; y < SIZE; y++) {
      for (let x = 2; x < SIZE - 3; x++) {
        const [red, green, blue, alpha] = data.subarray((y * SIZE + x) * 4, (y * SIZE + x) * 4 + 4);
        if (alpha) seen.add(`${y < SIZE / 2 ? "upper" : "lower"} ${red} ${green} ${blue}`);
      }
    }
    expect([...seen].sort()).toEqual(["lower 0 0 255", "upper 255 0 0"]);
  });

  it("draws nothing left and right of the lines", () => {
    const alpha = alphas(draw("coarsely", [local], geometry(16)));
    for (let y = 0; y < SIZE; y++) {
      for (const x of [0, 1, SIZE - 3, SIZE - 2, SIZE - 1]) expect(alpha[y * SIZE + x]).toBe(0);
    }
  });
});
