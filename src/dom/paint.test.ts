import { expect, test } from "vitest";
import { paintOf } from "./paint";

test("computed colours become literal ones", () => {
  expect(paintOf("rgb(0, 114, 178)")).toEqual({ color: "#0072b2", opacity: 1 });
  expect(paintOf("rgba(255, 0, 1, 0.004)")).toEqual({ color: "#ff0001", opacity: 0.004 });
  expect(paintOf("rgb(1 2 3 / 50%)")).toEqual({ color: "#010203", opacity: 0.5 });
  expect(paintOf("color(srgb 0.2 0.4 1 / 0.04)")).toEqual({ color: "#3366ff", opacity: 0.04 });
  expect(paintOf("color(srgb 1.2 -0.1 0)")).toEqual({ color: "#ff0000", opacity: 1 });
});

test("an invisible colour is null", () => {
  expect(["rgba(0, 0, 0, 0)", "transparent", "none", ""].map(paintOf)).toEqual([null, null, null, null]);
});
