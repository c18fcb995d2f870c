import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisOf } from "./axis";
import { GATHERED, gatherRows, rowWindowOf } from "./row-window";

const plain = (count: number) => axisOf(count, null, new Set());

describe("the visible rows", () => {
  it("begin with the row of a position, or with the next shown one", () => {
    const axis = axisOf(10, null, new Set([4, 5]));
    expect(rowWindowOf(axis, 3, 2)).toEqual([3, 5]);
    expect(rowWindowOf(axis, 4, 2)).toEqual([4, 6]);
    expect(rowWindowOf(axis, -3, 2)).toEqual([0, 2]);
  });

  it("fill the window, even at the end of the text", () => {
    expect(rowWindowOf(plain(10), 9, 4)).toEqual([6, 10]);
    expect(rowWindowOf(plain(3), 1, 4)).toEqual([0, 3]);
  });
});

describe("the other rows", () => {
  it("gather neighbouring positions, and leave the first key alone", () => {
    const { groups, visibleRows, names, shownAt } = gatherRows(plain(2000), [1000, 1010]);
    expect(visibleRows).toEqual([GATHERED, GATHERED + 10]);
    expect(groups).toHaveLength(2 * GATHERED + 10);
    expect(groups[0]).toEqual([0]);
    expect(names.get(0)).toBeUndefined();
    expect(names.get(1)).toBe("tokens 1–66");
    expect(names.get(2 * GATHERED + 9)).toBe("tokens 1,938–1,999");
    expect([shownAt[0], shownAt[1], shownAt[1003], shownAt[1999]]).toEqual([0, 1, GATHERED + 3, 2 * GATHERED + 9]);
  });

  it("stay single where there are few, and do not gather across a cut", () => {
    expect(gatherRows(plain(20), [5, 12]).groups.map((group) => group.length)).toEqual(Array(20).fill(1));
    const cut = gatherRows(plain(2000), [1000, 1010], 500);
    expect(cut.groups.some((group) => group.includes(499) && group.includes(500))).toBe(false);
  });

  it("do not exist if all rows are visible", () => {
    const axis = plain(8);
    expect(gatherRows(axis, [0, 8])).toBe(axis);
  });

  it("keep every shown position once, in order", () => {
    const cases = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.nat(320), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(cases, fc.uniqueArray(fc.nat(299)), fc.option(fc.nat(300)), ([count, at, size], hidden, cut) => {
        const axis = axisOf(count, null, new Set(hidden));
        const sight = rowWindowOf(axis, at, size);
        const { groups, shownAt, visibleRows } = gatherRows(axis, sight, cut);
        expect(groups.flat()).toEqual(axis.groups.flat());
        expect(visibleRows[1] - visibleRows[0]).toBe(Math.min(size, axis.groups.length));
        for (const [row, group] of groups.entries()) {
          for (const position of group) expect(shownAt[position]).toBe(row);
        }
      }),
    );
  });
});
