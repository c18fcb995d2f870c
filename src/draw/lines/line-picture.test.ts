import { expect, it } from "vitest";
import { layoutTokens, MAX_ROW_HEIGHT } from "../../core/look/token-layout";
import { geometryOf, styleOf } from "./line-picture";
import type { DrawnHead } from "./plan";
import { HALF_WIDTH, strengthOf } from "./strength";

const table = Float32Array.from([0.5, 0.25, 0.125, 0.125]);
const weights = { numQueries: 2, numKeys: 2, codes: Uint16Array.from([0, 1, 2, 3]), table, dtype: "float16" as const };
const HEADS: readonly DrawnHead[] = [{ weights, color: [0, 0, 0] }];
const layout = layoutTokens(2, 2);
const strength = strengthOf(HEADS, layout, { scale: "linear", gain: null, sinks: [] });

it("places the rows of tokens in an image that begins further down", () => {
  const { queryY, keyY, left, right } = geometryOf({ layout, width: 300 }, 2, 10);
  expect([...queryY]).toEqual([...layout.queryY].map((y) => 2 * y - 10));
  expect([...keyY]).toEqual([...layout.keyY].map((y) => 2 * y - 10));
  expect([left, right]).toEqual([0, 600]);
});

it("draws lines thinner where rows are low, and as strong as the heads' lines are", () => {
  const ends = { query: 0, key: null };
  const style = styleOf({ strength, layout, width: 300 }, ends, 2);
  expect(style).toEqual({ opacity: strength.factor(ends), halfWidth: style.halfWidth, query: 0, key: null });
  expect(style.halfWidth).toBeCloseTo(2 * HALF_WIDTH * Math.sqrt(layout.rowHeight / MAX_ROW_HEIGHT));
  const low = styleOf({ strength, layout: { ...layout, rowHeight: layout.rowHeight / 4 }, width: 300 }, ends, 2);
  expect(low.halfWidth).toBeCloseTo(style.halfWidth / 2);
});
