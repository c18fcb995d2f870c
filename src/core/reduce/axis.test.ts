import fc from "fast-check";
import { expect, it } from "vitest";
import { axisOf } from "./axis";

it("is plain if nothing is hidden or merged", () => {
  expect(axisOf(3, null, new Set())).toEqual({
    groups: [[0], [1], [2]],
    shownAt: Int32Array.of(0, 1, 2),
    isPlain: true,
    visibleRows: [0, 3],
    names: new Map(),
  });
});

it("merges the tokens of a word, but not across a hidden token", () => {
  const { groups, shownAt } = axisOf(6, [0, 1, 1, 1, 1, 2], new Set([3]));
  expect(groups).toEqual([[0], [1, 2], [4], [5]]);
  expect([...shownAt]).toEqual([0, 1, 1, -1, 2, 3]);
});

it("shows every position at most once, in order", () => {
  const words = fc.option(fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }), { nil: null });
  fc.assert(
    fc.property(words, fc.uniqueArray(fc.nat(11)), (numbers, hidden) => {
      const { groups, shownAt } = axisOf(12, numbers, new Set(hidden));
      const kept = [...Array(12).keys()].filter((position) => !hidden.includes(position));
      expect(groups.flat()).toEqual(kept);
      for (const [row, group] of groups.entries()) {
        for (const position of group) expect(shownAt[position]).toBe(row);
      }
      for (const position of hidden) expect(shownAt[position]).toBe(-1);
    }),
  );
});
