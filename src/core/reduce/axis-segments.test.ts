import { describe, expect, it } from "vitest";
import { axisOf } from "./axis";

const SEGMENTS = [
  { name: "system", start: 1, stop: 4 },
  { name: "user 1", start: 4, stop: 6 },
];

describe("an axis with segments", () => {
  it("has a row with the segment's name for each closed segment, and rows for the tokens outside", () => {
    const { groups, names, shownAt } = axisOf(8, null, new Set(), SEGMENTS);
    expect(groups).toEqual([[0], [1, 2, 3], [4, 5], [6], [7]]);
    expect([...names]).toEqual([
      [1, "system"],
      [2, "user 1"],
    ]);
    expect([...shownAt]).toEqual([0, 1, 1, 1, 2, 2, 3, 4]);
  });

  it("leaves hidden tokens out of segments, even in their middle", () => {
    expect(axisOf(8, null, new Set([2, 4]), SEGMENTS).groups).toEqual([[0], [1, 3], [5], [6], [7]]);
  });

  it("merges words outside of segments, never across their borders", () => {
    const words = [0, 0, 1, 1, 1, 2, 2, 3];
    expect(axisOf(8, words, new Set(), SEGMENTS).groups).toEqual([[0], [1, 2, 3], [4, 5], [6], [7]]);
    expect(axisOf(8, words, new Set(), SEGMENTS.slice(1)).groups).toEqual([[0, 1], [2, 3], [4, 5], [6], [7]]);
  });
});
