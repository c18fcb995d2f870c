import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addEdges, addStretch, type Coverage } from "./coverage";

function runningSum(coverage: Coverage): number[] {
  let sum = 0;
  return [...coverage].map((difference) => {
    sum += difference;
    return sum;
  });
}

describe("addStretch", () => {
  it("gives every pixel the part of the stretches that lies in it", () => {
    const stretch = fc.record({
      top: fc.double({ min: -5, max: 25, noNaN: true }),
      height: fc.double({ min: 0, max: 30, noNaN: true }),
      amount: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 10 }), (stretches) => {
        const coverage = new Float64Array(22);
        for (const { top, height, amount } of stretches) {
          addStretch(coverage, top, top + height, amount);
        }
        const sums = runningSum(coverage).slice(0, 20);
        const expected = sums.map((_, y) =>
          stretches.reduce((sum, { top, height, amount }) => {
            return sum + amount * Math.max(0, Math.min(y + 1, top + height) - Math.max(y, top));
          }, 0),
        );
        const errors = sums.map((sum, y) => Math.abs(sum - (expected[y] as number)));
        expect(Math.max(...errors)).toBeLessThan(1e-5);
      }),
    );
  });
});

describe("addEdges", () => {
  it("makes a steep line taller by the secant of its angle", () => {
    const edges = { start: Float64Array.of(0), fall: Float64Array.of(40), opacity: Float64Array.of(0.5) };
    const coverage = new Float64Array(42);
    addEdges(coverage, edges, { fraction: 0.5, slope: 3 / 40 }, 2, 0.25);
    const sums = runningSum(coverage);
    expect(sums.reduce((total, sum) => total + sum, 0)).toBeCloseTo(0.5 * 0.25 * 2 * 2 * Math.sqrt(10), 5);
    expect(sums[20]).toBeCloseTo(0.125);
    expect(sums[20 + 7]).toBe(0);
  });
});
