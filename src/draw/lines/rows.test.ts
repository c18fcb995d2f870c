import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { curveAt } from "./curve";
import { shownPositions } from "./edges";
import { rowsOf, TouchedRows } from "./rows";

const HEIGHT = 200;
const STYLE = { opacity: 1, halfWidth: 1, query: null, key: null };

describe("rowsOf", () => {
  it("extends from the uppermost to the lowest of the given tokens", () => {
    expect(rowsOf(Float32Array.of(50, 10, 90, 30), Int32Array.of(0, 1, 3))).toEqual({ top: 10, bottom: 50 });
  });
});

describe("TouchedRows", () => {
  it("holds every line between two columns, in even rows of the picture", () => {
    const side = fc.array(fc.float({ min: -50, max: 250, noNaN: true }), { minLength: 1, maxLength: 6 });
    const columns = fc.tuple(fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 8, noNaN: true }));
    fc.assert(
      fc.property(
        side,
        side,
        columns,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (queries, keys, [from, more], at) => {
          const geometry = { queryY: Float32Array.from(queries), keyY: Float32Array.from(keys), left: 0, right: 100 };
          const touched = new TouchedRows(shownPositions(geometry, STYLE), geometry, 1, 4, HEIGHT);
          const { top, bottom } = touched.between(from, from + more);
          expect([top % 2, bottom % 2]).toEqual([0, 0]);
          const { fraction } = curveAt(Math.min(100, from + at * more), geometry);
          for (const query of geometry.queryY) {
            for (const key of geometry.keyY) {
              const y = query + fraction * (key - query);
              if (y < 0 || y > HEIGHT) continue;
              expect(y).toBeGreaterThanOrEqual(top);
              expect(y).toBeLessThanOrEqual(bottom);
            }
          }
        },
      ),
    );
  });

  it("leaves out rows that no line comes near", () => {
    const geometry = { queryY: Float32Array.of(100), keyY: Float32Array.of(104), left: 0, right: 100 };
    const { top, bottom } = new TouchedRows(shownPositions(geometry, STYLE), geometry, 1, 4, HEIGHT).between(0, 100);
    expect(top).toBeGreaterThan(90);
    expect(bottom).toBeLessThan(114);
  });
});
