import { describe, expect, it } from "vitest";
import { layoutTokens } from "../../core/look/token-layout";
import type { DrawnHead } from "./plan";
import { HALF_WIDTH, type StrengthRule, strengthOf, strengthTicks } from "./strength";

const ALL = { query: null, key: null };
const RELATIVE: StrengthRule = { scale: "linear", gain: null, sinks: [] };

/** A head whose table is its own weights. */
function head(...weights: readonly (readonly number[])[]): DrawnHead {
  const table = Float32Array.from(weights.flat());
  const codes = Uint16Array.from(table.keys());
  const [numQueries, numKeys] = [weights.length, weights[0]?.length ?? 0];
  return { weights: { numQueries, numKeys, codes, table, dtype: "float16" }, color: [0, 0, 0] };
}

const FAINT = head([0.05, 0.01], [0.02, Number.NaN]);

/** The opacity of each line of the first head. */
function opacities(heads: readonly DrawnHead[], rule: StrengthRule, ends: Parameters<typeof strengthTicks>[1] = ALL) {
  const { numQueries, numKeys } = (heads[0] as DrawnHead).weights;
  const strength = strengthOf(heads, layoutTokens(numQueries, numKeys), rule);
  const { codes, table } = (strength.heads[0] as DrawnHead).weights;
  return [...codes].map((code) => (table[code] as number) * strength.factor(ends));
}

describe("the strengths of lines", () => {
  it("make the strongest line opaque, and the others as strong as they are beside it", () => {
    const [first, second, third, missing] = opacities([FAINT], RELATIVE);
    expect([first, second, third].map((one) => one?.toFixed(3))).toEqual(["1.000", "0.200", "0.400"]);
    expect(missing).toBeNaN();
  });

  it("follow the scale", () => {
    expect(opacities([FAINT], { ...RELATIVE, scale: "sqrt" })[1]).toBeCloseTo(Math.sqrt(0.2));
    expect(opacities([FAINT], { ...RELATIVE, scale: "log" })[1]).toBeCloseTo(1 - Math.log(0.2) / Math.log(1e-4));
  });

  it("are weights over the number of heads, times a gain", () => {
    expect(opacities([FAINT, FAINT], { ...RELATIVE, gain: 1 })[0]).toBeCloseTo(0.025);
    expect(opacities([FAINT, FAINT], { ...RELATIVE, gain: 4 })[0]).toBeCloseTo(0.1);
    expect(opacities([FAINT, FAINT], { ...RELATIVE, gain: 4 }, { query: 0, key: null })[0]).toBeCloseTo(
      (4 * 0.05) / Math.SQRT2,
    );
  });

  it("are limited where lines would cover the picture, but never fainter than with a gain of 1", () => {
    const full = head(...Array(10).fill(Array(10).fill(0.1)));
    const heads = Array(8).fill(full);
    const [one] = opacities(heads, RELATIVE) as [number];
    // 800 lines that cover 0.4 of the 200 pixels between them.
    expect(800 * one * 2 * HALF_WIDTH).toBeCloseTo(0.4 * 200, 3);
    const crowd = Array(64).fill(full);
    expect(
      (opacities(crowd, RELATIVE)[0] as number) / (opacities(crowd, { ...RELATIVE, gain: 1 })[0] as number),
    ).toBeGreaterThanOrEqual(1);
  });

  it("end at the largest weight beside sinks, which exceed it", () => {
    const sunk = head([0.9, 0.1], [0.8, 0.2]);
    const strength = strengthOf([sunk], layoutTokens(2, 2), { ...RELATIVE, sinks: [0] });
    expect(strength.end).toBeCloseTo(0.2);
    expect(strength.isExceeded).toBe(true);
    expect(strengthOf([sunk], layoutTokens(2, 2), RELATIVE)).toMatchObject({ isExceeded: false });
  });

  it("are those of what is shown alone", () => {
    const pair = layoutTokens(2, 2, { queries: [1, 2] });
    expect(strengthOf([FAINT], pair, RELATIVE).end).toBeCloseTo(0.02);
    expect(strengthOf([], pair, RELATIVE).end).toBe(1);
  });

  it("are shown by round weights up to the strongest", () => {
    const strength = strengthOf([FAINT], layoutTokens(2, 2), RELATIVE);
    const ticks = strengthTicks(strength, ALL);
    expect(ticks.map(({ weight }) => Number(weight.toFixed(6)))).toEqual([0.005, 0.01, 0.02, 0.05]);
    expect(ticks.map(({ opacity }) => Number(opacity.toFixed(3)))).toEqual([0.1, 0.2, 0.4, 1]);
    const strong = strengthOf([FAINT], layoutTokens(2, 2), { ...RELATIVE, gain: 16 });
    expect(strengthTicks(strong, ALL).at(-1)).toEqual({ weight: 1 / 16, opacity: 1 });
    const log = strengthOf([FAINT], layoutTokens(2, 2), { scale: "log", gain: 1, sinks: [] });
    expect(strengthTicks(log, ALL).map(({ weight }) => weight)).toEqual([0.001, 0.01, 0.1, 1]);
  });
});
