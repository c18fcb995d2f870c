import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisOf } from "./axis";
import { GATHERED, gathered, sightOf } from "./sight";

const plain = (count: number) => axisOf(count, null, new Set());

describe("what is in sight", () => {
  it("begins with the row of a position, or with the next one that is shown", () => {
    const axis = axisOf(10, null, new Set([4, 5]));
    expect(sightOf(axis, 3, 2)).toEqual([3, 5]);
    expect(sightOf(axis, 4, 2)).toEqual([4, 6]);
    expect(sightOf(axis, -3, 2)).toEqual([0, 2]);
  });

  it("is never less than fits, at the end of the text too", () => {
    expect(sightOf(plain(10), 9, 4)).toEqual([6, 10]);
    expect(sightOf(plain(3), 1, 4)).toEqual([0, 3]);
  });
});

describe("what is out of sight", () => {
  it("is gathered by its place, the first key by itself", () => {
    const { groups, inSight, names, shownAt } = gathered(plain(2000), [1000, 1010]);
    expect(inSight).toEqual([GATHERED, GATHERED + 10]);
    expect(groups).toHaveLength(2 * GATHERED + 10);
    expect(groups[0]).toEqual([0]);
    expect(names.get(0)).toBeUndefined();
    expect(names.get(1)).toBe("tokens 1–66");
    expect(names.get(2 * GATHERED + 9)).toBe("tokens 1,938–1,999");
    expect([shownAt[0], shownAt[1], shownAt[1003], shownAt[1999]]).toEqual([0, 1, GATHERED + 3, 2 * GATHERED + 9]);
  });

  it("is gathered a row each where there are few, and not over the row that begins something", () => {
    expect(gathered(plain(20), [5, 12]).groups.map((group) => group.length)).toEqual(Array(20).fill(1));
    const cut = gathered(plain(2000), [1000, 1010], 500);
    expect(cut.groups.some((group) => group.includes(499) && group.includes(500))).toBe(false);
  });

  it("is nothing where all rows are in sight", () => {
    const axis = plain(8);
    expect(gathered(axis, [0, 8])).toBe(axis);
  });

  it("keeps every position that is shown, once, in order", () => {
    const cases = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.nat(320), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(cases, fc.uniqueArray(fc.nat(299)), fc.option(fc.nat(300)), ([count, at, size], hidden, cut) => {
        const axis = axisOf(count, null, new Set(hidden));
        const sight = sightOf(axis, at, size);
        const { groups, shownAt, inSight } = gathered(axis, sight, cut);
        expect(groups.flat()).toEqual(axis.groups.flat());
        expect(inSight[1] - inSight[0]).toBe(Math.min(size, axis.groups.length));
        for (const [row, group] of groups.entries()) {
          for (const position of group) expect(shownAt[position]).toBe(row);
        }
      }),
    );
  });
});
