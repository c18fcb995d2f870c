import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatWeight } from "./format";

describe("formatWeight", () => {
  it.each([
    [0.412, "0.412"],
    [0.5, "0.500"],
    [1, "1.00"],
    [0.99951, "1.00"],
    [0.9994, "0.999"],
    [0.09996, "0.100"],
    [0.04123, "0.0412"],
    [0.0031, "0.0031"],
    [0.00314159, "0.0031"],
    [0.0005, "0.0005"],
    [0.000499, "< 0.0005"],
    [1e-12, "< 0.0005"],
    [0, "0"],
    [-0, "0"],
    [-0.25, "-0.250"],
    [-1e-5, "> -0.0005"],
    [12.345, "12.3"],
    [1234.5, "1230"],
    [Number.NaN, "missing"],
    [Number.POSITIVE_INFINITY, "missing"],
  ])("writes %d as %s", (weight, text) => {
    expect(formatWeight(weight)).toBe(text);
  });

  it.each([
    [0.412, "≈ 0.41"],
    [1, "≈ 1.0"],
    [0.0961, "≈ 0.096"],
    [0.00314, "≈ 0.0031"],
    [0.0001, "< 0.0005"],
    [0, "≈ 0"],
    [Number.NaN, "missing"],
  ])("writes %d, rounded by its encoding, as %s", (weight, text) => {
    expect(formatWeight(weight, "sqrt8")).toBe(text);
  });

  it("is within half a unit of its last digit", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.0005, max: 1, noNaN: true }), (weight) => {
        const error = Math.abs(Number(formatWeight(weight)) - weight);
        expect(error).toBeLessThanOrEqual(Math.max(0.00005, weight * 0.005) * 1.0001);
      }),
    );
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [9_043, "9.0 kB"],
    [99_960, "100 kB"],
    [999_499, "999 kB"],
    [999_600, "1.0 MB"],
    [25_700_000, "25.7 MB"],
    [421_000_000, "421 MB"],
    [1_710_000_000, "1.7 GB"],
    [5_000_000_000_000, "5000 GB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
