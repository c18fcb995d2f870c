import { expect, test } from "vitest";
import { cssLength } from "./box";

test("computed lengths are sums, with percentages of the whole", () => {
  expect(cssLength("56px", 200)).toBe(56);
  expect(cssLength("50%", 200)).toBe(100);
  expect(cssLength("calc(100% - 8px)", 200)).toBe(192);
  expect(cssLength("calc(50% + 2px - 10%)", 200)).toBe(82);
  expect(cssLength("-4px", 200)).toBe(-4);
});
