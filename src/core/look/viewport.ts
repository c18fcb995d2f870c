/** A half-open range of positions; the ends may lie within a token. */
export type Span = readonly [start: number, stop: number];

/** The part of a map that is shown. A position `p` is the span from `p` to `p + 1`. */
export interface Viewport {
  readonly queries: Span;
  readonly keys: Span;
}

/** A place in a map: the middle of the first query and key is (0.5, 0.5). */
export interface ViewportPoint {
  readonly query: number;
  readonly key: number;
}

/** The fewest positions that zooming shows of a side, unless the side has fewer. */
const FEWEST = 4;

/** Zooms in by `factor` while `at` stays where it is on screen. Factors under 1 zoom out. */
export function zoomed(view: Viewport, bounds: Viewport, factor: number, at: ViewportPoint): Viewport {
  return {
    queries: zoomedSpan(view.queries, bounds.queries, factor, at.query),
    keys: zoomedSpan(view.keys, bounds.keys, factor, at.key),
  };
}

/** Moves by a number of positions, as far as the bounds allow. */
export function panned(view: Viewport, bounds: Viewport, by: ViewportPoint): Viewport {
  return {
    queries: moved(view.queries, bounds.queries, by.query),
    keys: moved(view.keys, bounds.keys, by.key),
  };
}

/** Moves as little as possible to bring the tokens into sight; null stands for no token. */
export function revealing(view: Viewport, bounds: Viewport, query: number | null, key: number | null): Viewport {
  return panned(view, bounds, { query: missingStep(view.queries, query), key: missingStep(view.keys, key) });
}

/** How many times closer than the whole map. */
export function zoomOf(view: Viewport, bounds: Viewport): number {
  return Math.max(length(bounds.queries) / length(view.queries), length(bounds.keys) / length(view.keys), 1);
}

export function isWhole(view: Viewport, bounds: Viewport): boolean {
  return sameSpan(view.queries, bounds.queries) && sameSpan(view.keys, bounds.keys);
}

/** The middle of the visible part. */
export function middleOf({ queries, keys }: Viewport): ViewportPoint {
  return { query: (queries[0] + queries[1]) / 2, key: (keys[0] + keys[1]) / 2 };
}

function zoomedSpan(span: Span, bounds: Span, factor: number, at: number): Span {
  const before = length(span);
  const after = Math.min(length(bounds), Math.max(Math.min(FEWEST, length(bounds)), before / factor));
  const start = before > 0 ? at - ((at - span[0]) * after) / before : span[0];
  return inside(start, after, bounds);
}

function moved(span: Span, bounds: Span, by: number): Span {
  return inside(span[0] + by, length(span), bounds);
}

function missingStep([start, stop]: Span, position: number | null): number {
  if (position === null) return 0;
  return Math.min(0, position - start) || Math.max(0, position + 1 - stop);
}

/** Starts exactly at the bounds if rounding would miss them, so that the whole map counts as whole. */
function inside(start: number, extent: number, [first, last]: Span): Span {
  if (extent >= last - first) return [first, last];
  const from = Math.max(first, Math.min(start, last - extent));
  return [from, from + extent];
}

function length([start, stop]: Span): number {
  return stop - start;
}

function sameSpan(one: Span, other: Span): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
