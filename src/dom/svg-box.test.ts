import { expect, test } from "vitest";
import { lengthOf } from "./svg-box";

test("computed lengths add up their parts, a percentage of the whole", () => {
  expect(lengthOf("56px", 200)).toBe(56);
  expect(lengthOf("50%", 200)).toBe(100);
  expect(lengthOf("calc(100% - 8px)", 200)).toBe(192);
  expect(lengthOf("calc(50% + 2px - 10%)", 200)).toBe(82);
  expect(lengthOf("-4px", 200)).toBe(-4);
});
