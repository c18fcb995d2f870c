/** The tallest and the lowest row of a token, in CSS pixels. */
export const MAX_ROW_HEIGHT = 20;
export const MIN_ROW_HEIGHT = 12;

/** Rows get lower, down to `MIN_ROW_HEIGHT`, rather than make the picture taller than this many CSS pixels. */
const COMFORTABLE_HEIGHT = 640;

export interface LayoutOptions {
  /** The half-open range of the queries that are shown; all by default. */
  readonly queries?: readonly [number, number];
  readonly keys?: readonly [number, number];
  /** The y where the first rows start; 0 by default. */
  readonly top?: number;
}

/** Where tokens sit, in CSS pixels. */
export interface TokenLayout {
  readonly rowHeight: number;
  /** From 0 to the bottom of the last row. */
  readonly height: number;
  /** The middle of each query's row; NaN for a query that is not shown. */
  readonly queryY: Float32Array;
  readonly keyY: Float32Array;
}

/** Stacks the shown queries and the shown keys in rows of one height. */
export function layoutTokens(numQueries: number, numKeys: number, options: LayoutOptions = {}): TokenLayout {
  const { queries = [0, numQueries], keys = [0, numKeys], top = 0 } = options;
  const rows = Math.max(1, queries[1] - queries[0], keys[1] - keys[0]);
  const rowHeight = Math.min(MAX_ROW_HEIGHT, Math.max(MIN_ROW_HEIGHT, Math.floor(COMFORTABLE_HEIGHT / rows)));
  return {
    rowHeight,
    height: top + rows * rowHeight,
    queryY: middles(numQueries, queries, rowHeight, top),
    keyY: middles(numKeys, keys, rowHeight, top),
  };
}

function middles(count: number, [start, stop]: readonly [number, number], rowHeight: number, top: number) {
  return Float32Array.from({ length: count }, (_, position) =>
    position >= start && position < stop ? top + (position - start + 0.5) * rowHeight : Number.NaN,
  );
}
