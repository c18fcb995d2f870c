import { type PoolKind, TILE_BINS, type TileRequest } from "../contract.gen";
import { encoded } from "./codes";
import type { HeadWeights } from "./head-weights";

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

/** A tile of a head whose weights are all here. */
export function tileOfHead(weights: HeadWeights, { level, row, column }: TilePlace, pool: PoolKind): HeadWeights {
  const step = 2 ** level;
  const [queries, keys] = [binsOf(weights.numQueries, row, step), binsOf(weights.numKeys, column, step)];
  const bins = new Float32Array(queries.length * keys.length);
  queries.forEach((query, at) => {
    keys.forEach((key, beside) => {
      bins[at * keys.length + beside] = pooled(weights, query, key, step, pool);
    });
  });
  return { numQueries: queries.length, numKeys: keys.length, ...encoded(bins, weights.dtype) };
}

/** Where the bins of a tile start. */
function binsOf(size: number, number: number, step: number): number[] {
  const first = number * TILE_BINS * step;
  const count = Math.max(0, Math.min(TILE_BINS, Math.ceil((size - first) / step)));
  return Array.from({ length: count }, (_, bin) => first + bin * step);
}

/** Missing weights are ignored; a bin of nothing else is missing. */
function pooled(
  { codes, table, numQueries, numKeys }: HeadWeights,
  query: number,
  key: number,
  step: number,
  pool: PoolKind,
): number {
  let [best, sum, count] = [Number.NaN, 0, 0];
  for (let at = query; at < Math.min(query + step, numQueries); at++) {
    for (let beside = key; beside < Math.min(key + step, numKeys); beside++) {
      const weight = table[codes[at * numKeys + beside] as number] as number;
      if (Number.isNaN(weight)) continue;
      if (!(weight <= best)) best = weight;
      sum += weight;
      count++;
    }
  }
  return pool === "max" ? best : count > 0 ? sum / count : Number.NaN;
}
