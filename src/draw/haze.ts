import type { HeadWeights } from "../core/head-weights";
import type { LineGeometry } from "../core/lines";
import type { Shown } from "./edges";

/** Bundles of faint lines that share one end and spread evenly over a stretch at the other, as the columns of a table. */
export interface Bands {
  /** The y of the shared end. */
  readonly point: Float32Array;
  /** How far down from there the middle of the stretch is, and half the stretch's height. */
  readonly fall: Float32Array;
  readonly spread: Float32Array;
  /** The opacities of the lines, summed. */
  readonly opacity: Float32Array;
}

/** The lines of one head that are too faint to be seen one by one, bundled in two ways. */
export interface Haze {
  /** Lines that leave one query for neighbouring keys: true to the lines near the queries. */
  readonly fromQueries: Bands;
  /** Lines that reach one key from neighbouring queries: true to the lines near the keys. */
  readonly toKeys: Bands;
}

/** A bundle below this opacity adds nothing to any pixel. */
const NEGLIGIBLE = 1e-5;

/** Bundles the lines with a positive weight under `threshold`, at most `tile` neighbours in one. */
export function hazeOf(
  weights: HeadWeights,
  shown: Shown,
  geometry: LineGeometry,
  opacity: number,
  threshold: number,
  tile: number,
): Haze {
  const { codes, table, numKeys } = weights;
  const [numRows, numColumns] = [shown.queries.length, shown.keys.length];
  const columnTiles = Math.ceil(numColumns / tile);
  const byQuery = new Float32Array(numRows * columnTiles); // (queries, tiles of keys)
  const byKey = new Float32Array(Math.ceil(numRows / tile) * numColumns); // (tiles of queries, keys)
  for (let i = 0; i < numRows; i++) {
    const row = (shown.queries[i] as number) * numKeys;
    const keyRow = Math.floor(i / tile) * numColumns;
    for (let j = 0; j < numColumns; j++) {
      const weight = table[codes[row + (shown.keys[j] as number)] as number] as number;
      if (!(weight > 0 && weight < threshold)) continue;
      const cell = i * columnTiles + Math.floor(j / tile);
      byQuery[cell] = (byQuery[cell] as number) + weight * opacity;
      byKey[keyRow + j] = (byKey[keyRow + j] as number) + weight * opacity;
    }
  }
  const queryY = pick(geometry.queryY, shown.queries);
  const keyY = pick(geometry.keyY, shown.keys);
  return {
    fromQueries: bandsOf(byQuery, { point: columnTiles, tile: 1 }, queryY, stretches(keyY, tile)),
    toKeys: bandsOf(byKey, { point: 1, tile: numColumns }, keyY, stretches(queryY, tile)),
  };
}

type FourColumns = [Float32Array, Float32Array, Float32Array, Float32Array];
type Stretch = readonly [top: number, bottom: number];

function bandsOf(
  sums: Float32Array,
  stride: { point: number; tile: number },
  points: Float32Array,
  tiles: readonly Stretch[],
): Bands {
  const [point, fall, spread, opacity] = [0, 1, 2, 3].map(() => new Float32Array(sums.length)) as FourColumns;
  let count = 0;
  for (let tile = 0; tile < tiles.length; tile++) {
    const [top, bottom] = tiles[tile] as Stretch;
    for (let index = 0; index < points.length; index++) {
      const sum = sums[index * stride.point + tile * stride.tile] as number;
      if (sum < NEGLIGIBLE) continue;
      point[count] = points[index] as number;
      fall[count] = (top + bottom) / 2 - (points[index] as number);
      spread[count] = (bottom - top) / 2;
      opacity[count++] = sum;
    }
  }
  return {
    point: point.subarray(0, count),
    fall: fall.subarray(0, count),
    spread: spread.subarray(0, count),
    opacity: opacity.subarray(0, count),
  };
}

/** What each tile of rows covers: half a row beyond its outermost ones, so that neighbouring tiles touch. */
function stretches(y: Float32Array, tile: number): Stretch[] {
  const halfRow = y.length < 2 ? 0 : (Math.max(...y) - Math.min(...y)) / (y.length - 1) / 2;
  return Array.from({ length: Math.ceil(y.length / tile) }, (_, index) => {
    const part = y.subarray(index * tile, (index + 1) * tile);
    return [Math.min(...part) - halfRow, Math.max(...part) + halfRow];
  });
}

function pick(values: Float32Array, positions: Int32Array): Float32Array {
  return Float32Array.from(positions, (position) => values[position] as number);
}
