import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { heatIndex, LOG_FLOOR, type Scale } from "./scale";

const SCALES: readonly Scale[] = ["linear", "sqrt", "log"];

describe("heatIndex", () => {
  it.each<[Scale, number, number]>([
    ["linear", 0.5, 128],
    ["sqrt", 0.25, 128],
    ["log", LOG_FLOOR, 0],
    ["log", Math.sqrt(LOG_FLOOR), 128],
    ["log", 0, 0],
  ])("on the %s scale gives %d colour %d", (scale, weight, index) => {
    expect(heatIndex(weight, scale)).toBe(index);
  });

  it.each(SCALES)("on the %s scale goes from 0 at zero to 255 at the largest weight", (scale) => {
    expect(heatIndex(0, scale)).toBe(0);
    expect(heatIndex(1, scale)).toBe(255);
    expect(heatIndex(0.2, scale, 0.2)).toBe(255);
    expect(heatIndex(0.1, scale, 0.2)).toBe(heatIndex(0.5, scale));
  });

  it("never falls as the weight rises, and stays within the colours", () => {
    const weight = fc.double({ min: -1, max: 3, noNaN: true });
    fc.assert(
      fc.property(weight, weight, fc.constantFrom(...SCALES), (one, other, scale) => {
        const [low, high] = [heatIndex(Math.min(one, other), scale), heatIndex(Math.max(one, other), scale)];
        expect(0 <= low && low <= high && high <= 255).toBe(true);
      }),
    );
  });

  it("has no colour for a missing weight", () => {
    for (const scale of SCALES) expect(heatIndex(Number.NaN, scale)).toBeNaN();
  });
});
