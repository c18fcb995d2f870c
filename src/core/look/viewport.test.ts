import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWhole, middleOf, panned, revealing, type Span, type Viewport, zoomed, zoomOf } from "./viewport";

const WHOLE: Viewport = { queries: [0, 100], keys: [0, 200] };

const spans = (span: Span, bounds: Span) => span[0] >= bounds[0] && span[1] <= bounds[1] + 1e-9;

describe("zoomed", () => {
  it("shows less around a point that stays where it is", () => {
    const at = { query: 25, key: 50 };
    expect(zoomed(WHOLE, WHOLE, 2, at)).toEqual({ queries: [12.5, 62.5], keys: [25, 125] });
  });

  it("zooms out to the whole map and no further", () => {
    const close = zoomed(WHOLE, WHOLE, 8, { query: 99, key: 3 });
    expect(isWhole(close, WHOLE)).toBe(false);
    expect(isWhole(zoomed(close, WHOLE, 1 / 100, middleOf(close)), WHOLE)).toBe(true);
  });

  it("stops at a few tokens", () => {
    const close = zoomed(WHOLE, WHOLE, 1e6, { query: 0, key: 0 });
    expect(close).toEqual({ queries: [0, 4], keys: [0, 4] });
    expect(zoomOf(close, WHOLE)).toBe(50);
    const tiny: Viewport = { queries: [0, 1], keys: [0, 3] };
    expect(zoomed(tiny, tiny, 10, { query: 0.5, key: 1 })).toEqual(tiny);
  });

  it("never leaves the bounds, whatever the reader does", () => {
    const place = fc.record({
      query: fc.double({ min: 5, max: 30, noNaN: true }),
      key: fc.integer({ min: 2, max: 9 }),
    });
    const step = fc.tuple(fc.double({ min: 0.1, max: 10, noNaN: true }), place, fc.integer({ min: -50, max: 50 }));
    const bounds: Viewport = { queries: [5, 30], keys: [2, 9] };
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let view = bounds;
        for (const [factor, at, by] of steps) {
          view = panned(zoomed(view, bounds, factor, at), bounds, { query: by, key: -by });
          expect(spans(view.queries, bounds.queries) && spans(view.keys, bounds.keys)).toBe(true);
        }
      }),
    );
  });
});

describe("panned and revealing", () => {
  const view: Viewport = { queries: [10, 20], keys: [30, 50] };

  it("moves by positions as far as the bounds allow", () => {
    expect(panned(view, WHOLE, { query: 5, key: -7 })).toEqual({ queries: [15, 25], keys: [23, 43] });
    expect(panned(view, WHOLE, { query: 500, key: -700 })).toEqual({ queries: [90, 100], keys: [0, 20] });
  });

  it("brings tokens into sight by the shortest way", () => {
    expect(revealing(view, WHOLE, 9, 50)).toEqual({ queries: [9, 19], keys: [31, 51] });
    expect(revealing(view, WHOLE, 10, 49)).toEqual(view);
    expect(revealing(view, WHOLE, null, null)).toEqual(view);
  });
});
