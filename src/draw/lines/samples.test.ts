import { expect, it } from "vitest";
import { samplesFor } from "./samples";

function lines(...fall: number[]) {
  return {
    start: new Float64Array(fall.length),
    fall: Float64Array.from(fall),
    opacity: new Float64Array(fall.length),
  };
}

it("takes one sample per pixel that the steepest line falls in a column, up to three", () => {
  expect(samplesFor([lines(0, 60)], 100, 1e9)).toBe(1);
  expect(samplesFor([lines(10), lines(-130, 5)], 100, 1e9)).toBe(2);
  expect(samplesFor([lines(9000)], 100, 1e9)).toBe(3);
});

it("takes as many as the effort allows, but at least one", () => {
  const steep = lines(900, 900, 900);
  expect(samplesFor([steep, steep], 100, 1300)).toBe(2);
  expect(samplesFor([steep, steep], 100, 10)).toBe(1);
  expect(samplesFor([], 100, 10)).toBe(1);
});
