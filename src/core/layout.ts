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

/** How much of a picture's height, above and below the rows in sight, those out of sight share, in CSS pixels. */
export const BAND = 64;

/** The rows in sight of each side, of how many there are. */
export interface RowsInSight {
  readonly rows: number;
  readonly inSight: readonly [number, number];
}

/**
 * Stacks rows in sight between two bands, in which the others share the room. The height depends on `size` alone, the
 * most rows in sight, so that nothing moves while the reader does.
 */
export function layoutInSight(queries: RowsInSight, keys: RowsInSight, size: number): TokenLayout {
  const room = COMFORTABLE_HEIGHT - BAND;
  const rowHeight = Math.min(MAX_ROW_HEIGHT, Math.max(MIN_ROW_HEIGHT, Math.floor(room / size)));
  const middle = size * rowHeight;
  return {
    rowHeight,
    height: middle + 2 * BAND,
    queryY: bandedMiddles(queries, rowHeight, middle),
    keyY: bandedMiddles(keys, rowHeight, middle),
  };
}

function bandedMiddles({ rows, inSight: [first, stop] }: RowsInSight, rowHeight: number, middle: number): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) => {
    if (row < first) return ((row + 0.5) * BAND) / first;
    if (row < stop) return BAND + (row - first + 0.5) * rowHeight;
    return BAND + middle + ((row - stop + 0.5) * BAND) / (rows - stop);
  });
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
