import { expect, it } from "vitest";
import { halfOf } from "./half";
import { float16Table } from "./tables";

it("gives every code back its own value's", () => {
  for (let code = 0; code < 65536; code++) {
    const value = float16Table[code] as number;
    if (Number.isNaN(value) || Object.is(value, -0)) continue;
    if (halfOf(value) !== code) expect([code, value, halfOf(value)]).toEqual([code, value, code]);
  }
});

it("takes the nearest value, ties to even", () => {
  expect(halfOf(1 + 2 ** -11)).toBe(halfOf(1));
  expect(halfOf(1 + 2 ** -11 + 2 ** -20)).toBe(halfOf(1 + 2 ** -10));
  expect(halfOf(1 + 3 * 2 ** -11)).toBe(halfOf(1 + 2 ** -9));
  expect(halfOf(2 ** -25)).toBe(0);
  expect(halfOf(1.5 * 2 ** -24)).toBe(2);
});

it("keeps what is missing missing, and what is too large finite", () => {
  expect(float16Table[halfOf(Number.NaN)]).toBeNaN();
  expect(float16Table[halfOf(1e9)]).toBe(65504);
});
