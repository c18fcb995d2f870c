import { type Dtype, type PoolKind, TILE_BINS, type TileRequest } from "../contract.gen";
import { encoded } from "./codes";
import type { HeadWeights } from "./head-weights";
import { TileBins } from "./tile-bins";

/** Which tile of a head: at `level` L each bin covers 2**L positions on each axis. */
export interface TilePlace {
  readonly level: number;
  readonly row: number;
  readonly column: number;
}

/** One head's tile. */
export interface Tile extends TilePlace {
  readonly map: string;
  readonly layer: number;
  readonly head: number;
  readonly pool: PoolKind;
  /** The bins; 0 x 0 of them where all weights are known to be 0. */
  readonly weights: HeadWeights;
}

/** Names one head's tile in a cache. */
export function tileKey({ map, layer, head, pool, level, row, column }: Omit<Tile, "weights">): string {
  return JSON.stringify(["tile", map, layer, head, pool, level, row, column]);
}

/** The tiles that a request asks for, in its order: all heads of a place before the next place. */
export function tilesOf({ map, layer, heads, pool, tiles }: TileRequest): Omit<Tile, "weights">[] {
  return tiles.flatMap(([level = 0, row = 0, column = 0]) =>
    heads.map((head) => ({ map, layer, head, pool, level, row, column })),
  );
}

/** The level at which one tile covers a head. */
export function topLevel(numQueries: number, numKeys: number): number {
  let level = 0;
  while (TILE_BINS * 2 ** level < Math.max(numQueries, numKeys)) level++;
  return level;
}

/** Throws a sentence for people unless a head of this size has such a tile. */
export function checkPlace({ level, row, column }: TilePlace, numQueries: number, numKeys: number): void {
  const covered = TILE_BINS * 2 ** level;
  const isWithin = (at: number, size: number) => Number.isInteger(at) && at >= 0 && at * covered < size;
  const isLevel = Number.isInteger(level) && level >= 0 && level <= topLevel(numQueries, numKeys);
  if (isLevel && isWithin(row, numQueries) && isWithin(column, numKeys)) return;
  throw new Error(`There is no tile (${row}, ${column}) at level ${level} of ${numQueries} x ${numKeys} weights.`);
}

/** A tile of a head whose weights are all here. */
export function tileOfHead(weights: HeadWeights, place: TilePlace, pool: PoolKind): HeadWeights {
  const { codes, table, numQueries, numKeys } = weights;
  const bins = new TileBins(place, numQueries, numKeys, pool);
  const { start, stop } = bins.keys;
  const row = new Float32Array(stop - start);
  for (let query = bins.queries.start; query < bins.queries.stop; query++) {
    for (let key = start; key < stop; key++) row[key - start] = table[codes[query * numKeys + key] as number] as number;
    bins.add(query, row, -start);
  }
  return tileOf(bins, weights.dtype);
}

/** A tile as views take it; `from` says what its weights were computed from. */
export function tileOf(bins: TileBins, from?: Dtype): HeadWeights {
  return { numQueries: bins.queries.count, numKeys: bins.keys.count, ...encoded(bins.values(), from) };
}
