import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutTokens, MAX_ROW_HEIGHT, MIN_ROW_HEIGHT } from "./token-layout";

describe("layoutTokens", () => {
  it("stacks tokens in rows from the top", () => {
    const layout = layoutTokens(3, 2, { top: 10 });
    expect(layout.rowHeight).toBe(MAX_ROW_HEIGHT);
    expect([...layout.queryY]).toEqual([20, 40, 60]);
    expect([...layout.keyY]).toEqual([20, 40]);
    expect(layout.height).toBe(70);
  });

  it("gives the shown tokens the first rows and all others NaN", () => {
    const layout = layoutTokens(5, 4, { queries: [2, 4], keys: [0, 1] });
    expect([...layout.queryY]).toEqual([Number.NaN, Number.NaN, 10, 30, Number.NaN]);
    expect([...layout.keyY]).toEqual([10, Number.NaN, Number.NaN, Number.NaN]);
    expect(layout.height).toBe(40);
  });

  it.each([
    [1, MAX_ROW_HEIGHT],
    [32, MAX_ROW_HEIGHT],
    [40, 16],
    [53, MIN_ROW_HEIGHT],
    [512, MIN_ROW_HEIGHT],
  ])("gives %d tokens rows of %d pixels", (count, height) => {
    expect(layoutTokens(count, 1).rowHeight).toBe(height);
    expect(layoutTokens(1, count).rowHeight).toBe(height);
  });

  it("puts every shown token inside the picture, one row apart", () => {
    const count = fc.nat(200);
    fc.assert(
      fc.property(count, count, fc.nat(200), fc.nat(200), (numQueries, numKeys, a, b) => {
        const queries: [number, number] = [Math.min(a, b, numQueries), Math.min(Math.max(a, b), numQueries)];
        const { queryY, keyY, rowHeight, height } = layoutTokens(numQueries, numKeys, { queries });
        const shown = [...queryY].slice(...queries);
        expect([queryY.length, keyY.length]).toEqual([numQueries, numKeys]);
        for (const y of [...shown, ...keyY]) expect(y >= rowHeight / 2 && y <= height - rowHeight / 2).toBe(true);
        shown.slice(1).forEach((y, index) => {
          expect(y - (shown[index] as number)).toBe(rowHeight);
        });
        expect([...queryY].filter(Number.isNaN)).toHaveLength(numQueries - shown.length);
      }),
    );
  });
});
