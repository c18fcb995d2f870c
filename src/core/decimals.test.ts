import fc from "fast-check";
import { expect, it } from "vitest";
import { decimal16Table, decimalOf } from "./decimals";
import { formatWeight } from "./numbers";

const weight = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: -8, max: 0, noNaN: true }).map((power) => 10 ** power),
);

it("keeps every digit that is shown", () => {
  fc.assert(
    fc.property(weight, (value) => {
      // Where half a digit itself was drawn, rounding to single precision decides.
      fc.pre(formatWeight(value * (1 - 1e-7)) === formatWeight(value * (1 + 1e-7)));
      const again = decimal16Table[decimalOf(value)] as number;
      expect(formatWeight(again)).toBe(value < 1e-7 ? "0" : formatWeight(value));
    }),
    { numRuns: 2000 },
  );
});

it("brings every code back, and has codes for nothing, one and what is missing", () => {
  expect([0, 1, Number.NaN].map(decimalOf)).toEqual([0, 65401, 65535]);
  expect([0, 65401, 65535].map((code) => decimal16Table[code])).toEqual([0, 1, Number.NaN]);
  for (let code = 0; code <= 65401; code++) {
    if (decimalOf(decimal16Table[code] as number) !== code) throw new Error(`Code ${code} does not come back.`);
  }
});

it("rises with the weights", () => {
  for (let code = 1; code <= 65401; code++) {
    if (!((decimal16Table[code] as number) > (decimal16Table[code - 1] as number))) throw new Error(`At code ${code}.`);
  }
});
