/** A stretch of a column of tokens, in pixels from the top. */
export interface Stretch {
  readonly middle: number;
  /** Half its height: 0 for a point. */
  readonly half: number;
}

/** Where the ends of bundled lines are. */
export interface Stretches {
  readonly points: readonly Stretch[];
  readonly tiles: readonly Stretch[];
  /** Two a tile. Stretches without any token are at no place. */
  readonly halves: readonly Stretch[];
}

/** The shown tokens of a column: one by one, in tiles of `tile` neighbours, and in halves of tiles. */
export function stretchesOf(y: Float32Array, positions: Int32Array, tile: number): Stretches {
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

/** The half of a tile that each of `count` tokens is in. */
export function halfOf(count: number, tile: number): Int32Array {
  const half = Math.ceil(tile / 2);
  return Int32Array.from({ length: count }, (_, index) => 2 * Math.floor(index / tile) + Number(index % tile >= half));
}

/** What some rows cover: half a row beyond the outermost ones, so that neighbouring stretches touch. */
function around(y: Float32Array, halfRow: number): Stretch {
  const [top, bottom] = [Math.min(...y) - halfRow, Math.max(...y) + halfRow];
  return { middle: (top + bottom) / 2, half: (bottom - top) / 2 };
}
