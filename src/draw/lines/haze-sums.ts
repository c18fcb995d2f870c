import type { HeadWeights } from "../../core/weights/head-weights";
import type { ShownPositions } from "./edges";
import { halfHeightOf } from "./stretches";

/** The weights of lines that are too faint to be drawn one by one, summed in bundles in three ways. */
export interface HazeSums {
  readonly fromQueries: Float64Array; // (queries, tiles of keys)
  readonly between: Float64Array; // (half tiles of queries, half tiles of keys)
  readonly toKeys: Float64Array; // (tiles of queries, keys)
}

/** Sums the positive weights below `threshold`. A tile has `tile` neighbouring tokens. */
export function sumHaze(
  weights: HeadWeights,
  { queries, keys }: ShownPositions,
  threshold: number,
  tile: number,
): HazeSums {
  const { codes, table, numKeys } = weights;
  const halves = 2 * Math.ceil(keys.length / tile);
  const halfOfKey = halfHeightOf(keys.length, tile);
  const parts = new Float64Array(queries.length * halves); // (queries, half tiles of keys)
  const toKeys = new Float64Array(Math.ceil(queries.length / tile) * keys.length);
  for (let i = 0; i < queries.length; i++) {
    const row = (queries[i] as number) * numKeys;
    const tileRow = Math.floor(i / tile) * keys.length;
    for (let j = 0; j < keys.length; j++) {
      const weight = table[codes[row + (keys[j] as number)] as number] as number;
      if (!(weight > 0 && weight < threshold)) continue;
      const part = i * halves + (halfOfKey[j] as number);
      parts[part] = (parts[part] as number) + weight;
      toKeys[tileRow + j] = (toKeys[tileRow + j] as number) + weight;
    }
  }
  return { ...pool(parts, halves, halfHeightOf(queries.length, tile)), toKeys };
}

/** Sums weights (queries, half tiles of keys) over the halves of tiles, and over half tiles of queries. */
function pool(parts: Float64Array, halves: number, halfOfQuery: Int32Array): Omit<HazeSums, "toKeys"> {
  const fromQueries = new Float64Array(parts.length / 2);
  const between = new Float64Array((((halfOfQuery.at(-1) ?? -1) | 1) + 1) * halves);
  for (let cell = 0; cell < parts.length; cell++) {
    const sum = parts[cell] as number;
    const square = (halfOfQuery[Math.floor(cell / halves)] as number) * halves + (cell % halves);
    fromQueries[cell >> 1] = (fromQueries[cell >> 1] as number) + sum;
    between[square] = (between[square] as number) + sum;
  }
  return { fromQueries, between };
}

/** Adds the sums of all heads. */
export function addUp(heads: readonly HazeSums[]): HazeSums {
  const total = (way: keyof HazeSums) => {
    const sums = new Float64Array(heads[0]?.[way].length ?? 0);
    for (const head of heads) {
      const more = head[way];
      for (let index = 0; index < sums.length; index++) sums[index] = (sums[index] as number) + (more[index] as number);
    }
    return sums;
  };
  return { fromQueries: total("fromQueries"), between: total("between"), toKeys: total("toKeys") };
}
