import { expect, test } from "vitest";
import { nextLine } from "./next-line";

/** Three lines of three, two and three boxes. The boxes in the middle line are less high than the others. */
const BOXES = [
  [0, 50, 100].map((left) => ({ left, top: 0, height: 20 })),
  [0, 90].map((left) => ({ left, top: 33, height: 14 })),
  [0, 40, 95].map((left) => ({ left, top: 60, height: 20 })),
].flat();

test("finds the nearest box of the next line, and none after the last line", () => {
  expect([0, 1, 2, 3, 4].map((at) => nextLine(BOXES, at, 1))).toEqual([3, 4, 4, 5, 7]);
  expect([7, 6, 4, 3].map((at) => nextLine(BOXES, at, -1))).toEqual([4, 3, 2, 0]);
  expect([5, 6, 7].map((at) => nextLine(BOXES, at, 1))).toEqual([undefined, undefined, undefined]);
  expect([0, 1, 2].map((at) => nextLine(BOXES, at, -1))).toEqual([undefined, undefined, undefined]);
});
