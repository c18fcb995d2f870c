import { type PoolKind, TILE_BINS, type TileRequest } from "../../contract.gen";
import type { HeadWeights } from "../weights/head-weights";

/** The place of a tile in a head: at `level` L each bin covers 2**L positions on each axis. */
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
  /** The bins, shape 0 x 0 if all weights are known to be 0. */
  readonly weights: HeadWeights;
}

/** The tile's place, and the head to which it belongs. */
export type TileAddress = Omit<Tile, "weights">;

/** Receives a tile as soon as it arrives. */
export type TakeTile = (tile: Tile) => void;

/** Names one head's tile in a cache. */
export function tileKey({ map, layer, head, pool, level, row, column }: TileAddress): string {
  return JSON.stringify(["tile", map, layer, head, pool, level, row, column]);
}

/** The tiles of a request in its order: all heads of one place before the next place. */
export function tilesOf({ map, layer, heads, pool, tiles }: TileRequest): TileAddress[] {
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

/** Throws an error with a message for users unless a head of this size has such a tile. */
export function checkPlace({ level, row, column }: TilePlace, numQueries: number, numKeys: number): void {
  const covered = TILE_BINS * 2 ** level;
  const isWithin = (at: number, size: number) => Number.isInteger(at) && at >= 0 && at * covered < size;
  const isLevel = Number.isInteger(level) && level >= 0 && level <= topLevel(numQueries, numKeys);
  if (isLevel && isWithin(row, numQueries) && isWithin(column, numKeys)) return;
  throw new Error(`There is no tile (${row}, ${column}) at level ${level} of ${numQueries} x ${numKeys} weights.`);
}
