import { expect, test } from "vitest";
import { stripNumbers, stripsWidth } from "./strip-numbers";

const range = (count: number) => [...Array(count).keys()];

test("the strips of 12 heads are wide enough for each number, in two lines", () => {
  const numbers = stripNumbers(range(12), stripsWidth(12));
  expect(numbers.map(({ head }) => head)).toEqual(range(12));
  expect(numbers.slice(0, 4).map(({ line }) => line)).toEqual([0, 1, 0, 1]);
});

test("few heads need one line, a single head no number", () => {
  expect(stripNumbers([2, 5], 56)).toEqual([
    { head: 2, x: 14, line: 0 },
    { head: 5, x: 42, line: 0 },
  ]);
  expect(stripNumbers([3], 56)).toEqual([]);
});

test("numbers that would touch are left out, however many heads there are", () => {
  for (const count of [16, 32, 64, 128]) {
    const numbers = stripNumbers(range(count), stripsWidth(count));
    expect(numbers.length).toBeGreaterThan(3);
    for (const line of [0, 1]) {
      const xs = numbers.filter((one) => one.line === line).map(({ x }) => x);
      for (const [at, x] of xs.slice(1).entries()) expect(x - (xs[at] as number)).toBeGreaterThan(10);
    }
  }
});
