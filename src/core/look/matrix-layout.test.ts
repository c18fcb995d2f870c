import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelStep, layoutMatrix, type MatrixShape, placeOf } from "./matrix-layout";

const LETTERS = { queryLetters: 8, keyLetters: 8 };

function square(numTokens: number, numMaps = 1): MatrixShape {
  return { numMaps, numQueries: numTokens, numKeys: numTokens, ...LETTERS };
}

describe("layoutMatrix", () => {
  it("gives few tokens large cells, and fits many tokens into the available width", () => {
    expect(layoutMatrix(square(5), 920)).toMatchObject({ mapWidth: 140, mapHeight: 140, columns: 1, rows: 1 });
    const many = layoutMatrix(square(512), 400);
    expect(many.left + many.mapWidth).toBeLessThanOrEqual(400);
    expect(many.mapWidth).toBeGreaterThan(300);
    expect(layoutMatrix(square(512), 4000, 900).mapWidth).toBe(640);
  });

  it("makes a single query among many keys high enough to read", () => {
    const { mapWidth, mapHeight } = layoutMatrix({ numMaps: 1, numQueries: 1, numKeys: 500, ...LETTERS }, 920);
    expect([mapWidth, mapHeight]).toEqual([640, 12]);
  });

  it("puts several maps side by side within the width, each in its own place", () => {
    const layout = layoutMatrix(square(16, 12), 920);
    expect(layout).toMatchObject({ columns: 4, rows: 3 });
    expect(layoutMatrix(square(16, 2), 520)).toMatchObject({ columns: 2, rows: 1 });
    expect(layoutMatrix(square(16, 2), 380)).toMatchObject({ columns: 1, rows: 2 });
    expect(placeOf(layout, 5)).toEqual([layout.mapWidth + 14, layout.mapHeight + 22 + 14]);
  });

  it("never exceeds the available width, and leaves no map out", () => {
    const count = fc.integer({ min: 1, max: 70 });
    fc.assert(
      fc.property(count, count, count, fc.integer({ min: 300, max: 2000 }), (numMaps, numQueries, numKeys, width) => {
        const layout = layoutMatrix({ numMaps, numQueries, numKeys, ...LETTERS }, width);
        expect(layout.left + layout.width).toBeLessThanOrEqual(width);
        expect(layout.columns * layout.rows).toBeGreaterThanOrEqual(numMaps);
        const [x, y] = placeOf(layout, numMaps - 1);
        expect(x + layout.mapWidth).toBeLessThanOrEqual(layout.width);
        expect(y + layout.mapHeight).toBeLessThanOrEqual(layout.height);
      }),
    );
  });
});

describe("labelStep", () => {
  it("leaves room for each name, in steps of 1, 2, 5, 10, ...", () => {
    expect([28, 12, 11.9, 6, 3, 1.25, 0.1].map((cell) => labelStep(cell, 12))).toEqual([1, 1, 2, 2, 5, 10, 200]);
    expect(labelStep(0, 12)).toBe(Number.POSITIVE_INFINITY);
  });
});
