/** A half-open range of positions; the ends may lie within a token. */
export type Span = readonly [start: number, stop: number];

/** The part of a map that is shown. A position `p` is the span from `p` to `p + 1`. */
export interface Viewport {
  readonly queries: Span;
  readonly keys: Span;
}

/** A place in a map: the middle of the first query and key is (0.5, 0.5). */
export interface Place {
  readonly query: number;
  readonly key: number;
}

/** No closer than this many positions of a side, or all of them where there are fewer. */
const FEWEST = 4;

/** Shows `factor` times as little, so that `at` stays where it is on screen. Factors under 1 show more. */
export function zoomed(view: Viewport, bounds: Viewport, factor: number, at: Place): Viewport {
  return {
    queries: zoomedSpan(view.queries, bounds.queries, factor, at.query),
    keys: zoomedSpan(view.keys, bounds.keys, factor, at.key),
  };
}

/** Moves on by positions, as far as the bounds allow. */
export function panned(view: Viewport, bounds: Viewport, by: Place): Viewport {
  return {
    queries: moved(view.queries, bounds.queries, by.query),
    keys: moved(view.keys, bounds.keys, by.key),
  };
}

/** Moves by as little as brings the tokens into sight; null where none is meant. */
export function revealing(view: Viewport, bounds: Viewport, query: number | null, key: number | null): Viewport {
  return panned(view, bounds, { query: missingStep(view.queries, query), key: missingStep(view.keys, key) });
}

/** How many times closer than the whole. */
export function zoomOf(view: Viewport, bounds: Viewport): number {
  return Math.max(length(bounds.queries) / length(view.queries), length(bounds.keys) / length(view.keys), 1);
}

export function isWhole(view: Viewport, bounds: Viewport): boolean {
  return sameSpan(view.queries, bounds.queries) && sameSpan(view.keys, bounds.keys);
}

/** The middle of what is shown. */
export function middleOf({ queries, keys }: Viewport): Place {
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

/** Starts at the bounds' own number where it starts there, so that the whole is the whole despite rounding. */
function inside(start: number, extent: number, [first, last]: Span): Span {
  if (extent >= last - first) return [first, last];
  const kept = Math.max(first, Math.min(start, last - extent));
  return [kept, kept + extent];
}

function length([start, stop]: Span): number {
  return stop - start;
}

function sameSpan(one: Span, other: Span): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
