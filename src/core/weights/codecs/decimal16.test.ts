import fc from "fast-check";
import { expect, it } from "vitest";
import { decimal16Table, decimalOf } from "./decimal16";
import { formatWeight } from "../../look/format";

const weight = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: -8, max: 0, noNaN: true }).map((power) => 10 ** power),
);

it("keeps every digit that views show", () => {
  fc.assert(
    fc.property(weight, (value) => {
      // Skip numbers halfway between two digits, where rounding to single precision decides.
      fc.pre(formatWeight(value * (1 - 1e-7)) === formatWeight(value * (1 + 1e-7)));
      const again = decimal16Table[decimalOf(value)] as number;
      expect(formatWeight(again)).toBe(value < 1e-7 ? "0" : formatWeight(value));
    }),
    { numRuns: 2000 },
  );
});

it("returns every code unchanged, and has codes for zero, one and missing weights", () => {
  expect([0, 1, Number.NaN].map(decimalOf)).toEqual([0, 65401, 65535]);
  expect([0, 65401, 65535].map((code) => decimal16Table[code])).toEqual([0, 1, Number.NaN]);
  for (let code = 0; code <= 65401; code++) {
    if (decimalOf(decimal16Table[code] as number) !== code) throw new Error(`Code ${code} does not come back.`);
  }
});

it("increases with the weights", () => {
  for (let code = 1; code <= 65401; code++) {
    if (!((decimal16Table[code] as number) > (decimal16Table[code - 1] as number))) throw new Error(`At code ${code}.`);
  }
});
