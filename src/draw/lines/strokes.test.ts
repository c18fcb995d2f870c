import { describe, expect, it } from "vitest";
import type { LineGeometry, LineStyle } from "../../core/look/line-geometry";
import type { PixelBuffer } from "../../core/look/pixel-buffer";
import { layoutTokens } from "../../core/look/token-layout";
import type { DrawnHead } from "./plan";
import { drawStrokes } from "./strokes";

const EVERY_LINE = { all: 1e9, most: 1e9, haze: 1 };
const HAZE_ALONE = { all: 0, most: 0, haze: 1e6 };
const NUM_TOKENS = 48;
const SIZE = 96;

/** Rows of weights that sum to 1. */
function head(weightOf: (query: number, key: number) => number): DrawnHead {
  const table = new Float32Array(NUM_TOKENS * NUM_TOKENS);
  for (let query = 0; query < NUM_TOKENS; query++) {
    const row = Array.from({ length: NUM_TOKENS }, (_, key) => weightOf(query, key));
    const sum = row.reduce((total, weight) => total + weight, 0);
    table.set(
      row.map((weight) => weight / sum),
      query * NUM_TOKENS,
    );
  }
  const codes = Uint16Array.from(table.keys());
  const weights = { numQueries: NUM_TOKENS, numKeys: NUM_TOKENS, codes, table, dtype: "float16" as const };
  return { weights, color: [255, 0, 0] };
}

const HEADS: Record<string, DrawnHead> = {
  uniform: head(() => 1),
  causal: head((query, key) => (key <= query ? 1 : 0)),
  local: head((query, key) => 1 / (1 + (query - key) ** 2)),
};

function geometry(height = SIZE): LineGeometry {
  const { queryY, keyY, height: full } = layoutTokens(NUM_TOKENS, NUM_TOKENS);
  const squeeze = (y: Float32Array) => y.map((value) => (value * height) / full);
  return { queryY: squeeze(queryY), keyY: squeeze(keyY), left: 0, right: SIZE };
}

const STYLE: LineStyle = { opacity: 0.5, halfWidth: 0.75, query: null, key: null };

function opacities(drawn: DrawnHead, effort: typeof EVERY_LINE, style = STYLE): { lines: number; alpha: number[][] } {
  const picture: PixelBuffer = { width: SIZE, height: SIZE, data: new Uint8ClampedArray(SIZE * SIZE * 4) };
  const area = { x: 0, y: 0, width: SIZE, height: SIZE };
  const lines = drawStrokes(picture, area, [drawn], geometry(), style, effort);
  const alpha = Array.from({ length: SIZE }, (_, x) =>
    Array.from({ length: SIZE }, (_, y) => (picture.data[(y * SIZE + x) * 4 + 3] as number) / 255),
  );
  return { lines, alpha };
}

/** Means over squares of 8 x 8 pixels. */
function blurred(alpha: number[][]): number[] {
  const blocks = new Array<number>((SIZE / 8) ** 2).fill(0);
  alpha.forEach((column, x) => {
    column.forEach((value, y) => {
      const block = Math.floor(x / 8) * (SIZE / 8) + Math.floor(y / 8);
      blocks[block] = (blocks[block] as number) + value / 64;
    });
  });
  return blocks;
}

describe("drawStrokes", () => {
  it.each(Object.keys(HEADS))("draws the haze of a %s head so that it looks like all its lines from afar", (name) => {
    const exact = opacities(HEADS[name] as DrawnHead, EVERY_LINE);
    const haze = opacities(HEADS[name] as DrawnHead, HAZE_ALONE);
    expect(exact.lines).toBeGreaterThan(1000);
    expect(haze.lines).toBe(0);
    const expected = blurred(exact.alpha);
    const errors = blurred(haze.alpha).map((value, index) => Math.abs(value - (expected[index] as number)));
    expect(Math.max(...expected)).toBeGreaterThan(0.3);
    expect(Math.max(...errors)).toBeLessThan(0.08);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.012);
  });

  it("lets haze leave every query at its own place", () => {
    const style = { ...STYLE, opacity: 0.2 };
    const [exact, haze] = [EVERY_LINE, HAZE_ALONE].map((effort) =>
      opacities(HEADS.uniform as DrawnHead, effort, style),
    );
    for (const x of [0, SIZE - 1]) {
      exact?.alpha[x]?.forEach((value, y) => {
        expect(haze?.alpha[x]?.[y]).toBeCloseTo(value, 1);
      });
    }
  });

  it("draws strong lines over the haze of the others", () => {
    const peaked = head((query, key) => (key === (query * 7) % NUM_TOKENS ? 20 : 1));
    const { lines, alpha } = opacities(peaked, { all: 0, most: 60 * SIZE, haze: 1e6 });
    expect(lines).toBe(NUM_TOKENS);
    const expected = opacities(peaked, EVERY_LINE).alpha;
    const differences = alpha.flatMap((column, x) => column.map((v, y) => Math.abs(v - (expected[x]?.[y] as number))));
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(0.02);
  });

  it("draws only within its area, measured from the area's corner", () => {
    const [whole, part] = [0, 1].map(() => ({ width: 60, height: 50, data: new Uint8ClampedArray(60 * 50 * 4) }));
    const area = { x: 7, y: 9, width: 30, height: 20 };
    const small = { ...geometry(20), right: 30 };
    const drawn = [HEADS.local as DrawnHead];
    drawStrokes(part as PixelBuffer, area, drawn, small, STYLE, EVERY_LINE);
    drawStrokes(whole as PixelBuffer, { ...area, x: 0, y: 0 }, drawn, small, STYLE, EVERY_LINE);
    for (let y = 0; y < 50; y++) {
      const at = (picture: PixelBuffer | undefined, row: number, x: number) => picture?.data[(row * 60 + x) * 4 + 3];
      for (let x = 0; x < 60; x++) {
        const inside = x >= 7 && x < 37 && y >= 9 && y < 29;
        if (at(part, y, x) !== (inside ? at(whole, y - 9, x - 7) : 0)) expect.fail(`wrong pixel at ${x}, ${y}`);
      }
    }
  });
});
