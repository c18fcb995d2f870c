import { expect, it } from "vitest";
import { curveAt } from "./curve";

const GEOMETRY = { queryY: new Float32Array(), keyY: new Float32Array(), left: 10, right: 40 };

it("starts and ends horizontally", () => {
  expect(curveAt(10, GEOMETRY)).toEqual({ fraction: 0, slope: 0 });
  expect(curveAt(40, GEOMETRY)).toEqual({ fraction: 1, slope: 0 });
  expect(curveAt(25, GEOMETRY)).toEqual({ fraction: 0.5, slope: 1.5 / 30 });
});

it("has the slope of its own fraction", () => {
  for (let x = 11; x < 40; x += 3) {
    const rise = curveAt(x + 1e-4, GEOMETRY).fraction - curveAt(x - 1e-4, GEOMETRY).fraction;
    expect(curveAt(x, GEOMETRY).slope).toBeCloseTo(rise / 2e-4, 6);
  }
});

it("is the cubic Bézier curve with control points at one and two thirds of the width", () => {
  for (const t of [0.1, 0.3, 0.5, 0.8]) {
    const bezier = (a: number, b: number, c: number, d: number) =>
      a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t ** 2 * (1 - t) + d * t ** 3;
    expect(curveAt(bezier(10, 20, 30, 40), GEOMETRY).fraction).toBeCloseTo(bezier(0, 0, 1, 1), 12);
  }
});
