import { expect, it } from "vitest";
import { float16Of } from "./float16";
import { float16Table } from "./tables";

it("returns every code unchanged", () => {
  for (let code = 0; code < 65536; code++) {
    const value = float16Table[code] as number;
    if (Number.isNaN(value) || Object.is(value, -0)) continue;
    if (float16Of(value) !== code) expect([code, value, float16Of(value)]).toEqual([code, value, code]);
  }
});

it("rounds to the nearest value, ties to even", () => {
  expect(float16Of(1 + 2 ** -11)).toBe(float16Of(1));
  expect(float16Of(1 + 2 ** -11 + 2 ** -20)).toBe(float16Of(1 + 2 ** -10));
  expect(float16Of(1 + 3 * 2 ** -11)).toBe(float16Of(1 + 2 ** -9));
  expect(float16Of(2 ** -25)).toBe(0);
  expect(float16Of(1.5 * 2 ** -24)).toBe(2);
});

it("keeps missing weights missing, and makes values that are too large finite", () => {
  expect(float16Table[float16Of(Number.NaN)]).toBeNaN();
  expect(float16Table[float16Of(1e9)]).toBe(65504);
});
