import { describe, expect, test } from "vitest";
import { headWeights } from "../../../testing/view";
import type { LineGeometry } from "../../core/look/line-geometry";
import { FAINTEST, linesMarks } from "./lines-svg";

const GEOMETRY: LineGeometry = {
  queryY: Float32Array.of(10, 30, 50),
  keyY: Float32Array.of(10, 30, Number.NaN),
  left: 0,
  right: 90,
};
const STYLE = { opacity: 0.5, halfWidth: 0.9, query: null, key: null };
const head = (number: number, weightOf: (query: number, key: number) => number) => ({
  head: number,
  color: [0, 114, 178] as const,
  weights: headWeights(3, 3, weightOf),
});

describe("lines as paths", () => {
  test("are curves with horizontal ends, as opaque as their weights, in one group per head", () => {
    const marks = linesMarks([head(3, (query, key) => (query === 0 && key === 1 ? 1 : 0))], GEOMETRY, STYLE, 10);
    expect(marks).toBe(
      '<g id="head-3" stroke="#0072b2" stroke-width="1.8" fill="none">' +
        '<path d="M0 10C30 10 60 30 90 30" stroke-opacity="0.5000"/></g>',
    );
  });

  test("leave out hidden, missing and invisible weights", () => {
    const weights = [
      [Number.NaN, 1.9 * FAINTEST, 1],
      [2.2 * FAINTEST, 0, 1],
      [0, 0, 1],
    ];
    const marks = linesMarks([head(0, (query, key) => weights[query]?.[key] as number)], GEOMETRY, STYLE, 10);
    expect(marks?.match(/<path/g)).toHaveLength(1);
    expect(marks).toContain("M0 30C30 30 60 10 90 10");
  });

  test("draw only one token's lines if asked to", () => {
    const all = [head(0, () => 0.5), head(1, () => 0.5)];
    expect(linesMarks(all, GEOMETRY, STYLE, 99)?.match(/<path/g)).toHaveLength(12);
    expect(linesMarks(all, GEOMETRY, { ...STYLE, query: 1 }, 99)?.match(/<path/g)).toHaveLength(4);
    expect(linesMarks(all, GEOMETRY, { ...STYLE, query: 1, key: 0 }, 99)?.match(/<path/g)).toHaveLength(2);
  });

  test("are not drawn if all heads together have more than the limit", () => {
    const all = [head(0, () => 0.5), head(1, () => 0.5)];
    expect(linesMarks(all, GEOMETRY, STYLE, 12)).not.toBeNull();
    expect(linesMarks(all, GEOMETRY, STYLE, 11)).toBeNull();
  });

  test("have the strongest on top", () => {
    const marks = linesMarks([head(0, (query) => [0.9, 0.1, 0.4][query] as number)], GEOMETRY, STYLE, 99);
    const opacities = [...(marks ?? "").matchAll(/stroke-opacity="([\d.]+)"/g)].map(([, value]) => Number(value));
    expect(opacities).toEqual([...opacities].sort((a, b) => a - b));
    expect(opacities).toHaveLength(6);
  });
});
