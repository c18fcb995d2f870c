/** A stretch of a column of tokens, in pixels from the top. */
export interface RowStretch {
  readonly middle: number;
  /** Half its height: 0 for a point. */
  readonly half: number;
}

/** The stretches at which bundled lines can end. */
export interface RowStretches {
  readonly points: readonly RowStretch[];
  readonly tiles: readonly RowStretch[];
  /** Two per tile. Stretches without tokens have no valid place. */
  readonly halves: readonly RowStretch[];
}

/** The shown tokens of a column: one by one, in tiles of `tile` neighbours, and in halves of tiles. */
export function stretchesOf(y: Float32Array, positions: Int32Array, tile: number): RowStretches {
  const shown = Float32Array.from(positions, (position) => y[position] as number);
  const halfRow = shown.length < 2 ? 0 : (Math.max(...shown) - Math.min(...shown)) / (shown.length - 1) / 2;
  const tiles = Array.from({ length: Math.ceil(shown.length / tile) }, (_, index) =>
    shown.subarray(index * tile, (index + 1) * tile),
  );
  const half = Math.ceil(tile / 2);
  return {
    points: Array.from(shown, (middle) => ({ middle, half: 0 })),
    tiles: tiles.map((one) => around(one, halfRow)),
    halves: tiles.flatMap((one) => [around(one.subarray(0, half), halfRow), around(one.subarray(half), halfRow)]),
  };
}

/** The index of the half tile for each of `count` tokens. */
export function halfHeightOf(count: number, tile: number): Int32Array {
  const half = Math.ceil(tile / 2);
  return Int32Array.from({ length: count }, (_, index) => 2 * Math.floor(index / tile) + Number(index % tile >= half));
}

/**
 * The stretch that some rows cover: it extends half a row beyond the outermost ones, so that neighbouring stretches
 * touch.
 */
function around(y: Float32Array, halfRow: number): RowStretch {
  const [top, bottom] = [Math.min(...y) - halfRow, Math.max(...y) + halfRow];
  return { middle: (top + bottom) / 2, half: (bottom - top) / 2 };
}
