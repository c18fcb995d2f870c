/** The largest and the smallest row height of a token, in CSS pixels. */
export const MAX_ROW_HEIGHT = 20;
export const MIN_ROW_HEIGHT = 12;

/** Rows shrink down to `MIN_ROW_HEIGHT` before the picture grows taller than this many CSS pixels. */
export const COMFORTABLE_HEIGHT = 640;

export interface LayoutOptions {
  /** The half-open range of the queries that are shown; all by default. */
  readonly queries?: readonly [number, number];
  readonly keys?: readonly [number, number];
  /** The height above which rows shrink; `COMFORTABLE_HEIGHT` by default. */
  readonly room?: number;
  /** The y where the first rows start; 0 by default. */
  readonly top?: number;
}

/** Where tokens are, in CSS pixels. */
export interface TokenLayout {
  readonly rowHeight: number;
  /** From 0 to the bottom of the last row. */
  readonly height: number;
  /** The middle of each query's row; NaN for a query that is not shown. */
  readonly queryY: Float32Array;
  readonly keyY: Float32Array;
}

/** The height that the other rows share above and below the visible rows, in CSS pixels. */
export const OTHER_ROWS_HEIGHT = 36;

/** The most visible rows of a long text that fit into `room` CSS pixels, from 12 to 40. */
export function rowsInRoom(room: number): number {
  return Math.max(12, Math.min(40, Math.floor((room - 2 * OTHER_ROWS_HEIGHT) / MIN_ROW_HEIGHT)));
}

/** The number of rows on one side, and the range of visible rows. */
export interface LayoutRows {
  readonly rows: number;
  readonly visible: readonly [number, number];
}

/**
 * Stacks the visible rows between two bands, which hold all other rows. The height depends only on `size`, the largest
 * number of visible rows, so that nothing jumps while the reader scrolls.
 */
export function layoutVisible(queries: LayoutRows, keys: LayoutRows, size: number): TokenLayout {
  const rowHeight = MIN_ROW_HEIGHT;
  const middle = size * rowHeight;
  return {
    rowHeight,
    height: middle + 2 * OTHER_ROWS_HEIGHT,
    queryY: bandedMiddles(queries, rowHeight, middle),
    keyY: bandedMiddles(keys, rowHeight, middle),
  };
}

function bandedMiddles({ rows, visible: [first, stop] }: LayoutRows, rowHeight: number, middle: number): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) => {
    if (row < first) return ((row + 0.5) * OTHER_ROWS_HEIGHT) / first;
    if (row < stop) return OTHER_ROWS_HEIGHT + (row - first + 0.5) * rowHeight;
    return OTHER_ROWS_HEIGHT + middle + ((row - stop + 0.5) * OTHER_ROWS_HEIGHT) / (rows - stop);
  });
}

/** Stacks the shown queries and the shown keys in rows of equal height. */
export function layoutTokens(numQueries: number, numKeys: number, options: LayoutOptions = {}): TokenLayout {
  const { queries = [0, numQueries], keys = [0, numKeys], top = 0, room = COMFORTABLE_HEIGHT } = options;
  const rows = Math.max(1, queries[1] - queries[0], keys[1] - keys[0]);
  const rowHeight = Math.min(MAX_ROW_HEIGHT, Math.max(MIN_ROW_HEIGHT, Math.floor(room / rows)));
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
