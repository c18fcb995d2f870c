import { type PoolKind, TILE_BINS } from "../contract.gen";
import { decimalOf } from "./decimals";
import { halfOf } from "./half";
import type { HeadWeights } from "./head-weights";
import { type FindTile, type Part, partsOf } from "./mosaic-parts";
import { float16Table } from "./tables";
import type { Bins } from "./tile-plan";

/**
 * A rectangle of bins, put together from the tiles that are there; null where there is none at all. What no tile covers
 * has no weight.
 */
export function mosaicOf(bins: Bins, top: number, pool: PoolKind, find: FindTile): HeadWeights | null {
  const parts = alike(partsOf(bins, top, find));
  const [first] = parts;
  if (!first) return null;
  const [numQueries, numKeys] = [bins.queries[1] - bins.queries[0], bins.keys[1] - bins.keys[0]];
  const codes = new Uint16Array(numQueries * numKeys);
  for (const part of parts) lay(codes, bins, part, pool);
  // A blank tile has no weight whose encoding would count.
  const { table, dtype } = (parts.find(({ weights }) => weights.codes.length > 0) ?? first).weights;
  return { numQueries, numKeys, codes, table, dtype };
}

/** Parts whose codes mean the same: in half precision where tiles came in several encodings. */
function alike(parts: readonly Part[]): readonly Part[] {
  const tables = new Set(parts.filter(({ weights }) => weights.codes.length > 0).map(({ weights }) => weights.table));
  if (tables.size < 2) return parts;
  return parts.map((part) => {
    const { codes, table } = part.weights;
    const halves = Uint16Array.from(codes, (code) => halfOf(table[code] as number));
    return { ...part, weights: { ...part.weights, codes: halves, table: float16Table, dtype: "float16" } };
  });
}

function lay(codes: Uint16Array, bins: Bins, part: Part, pool: PoolKind): void {
  const width = bins.keys[1] - bins.keys[0];
  const { queries, keys, weights, place } = part;
  const codeAt = readerOf(part, bins.level, pool);
  const first = place.row * TILE_BINS;
  for (let query = queries[0]; query < queries[1]; query++) {
    const start = (query - bins.queries[0]) * width - bins.keys[0];
    if (weights.codes.length === 0) codes.fill(0, start + keys[0], start + keys[1]);
    else if (place.level === bins.level) {
      const row = (query - first) * weights.numKeys - place.column * TILE_BINS;
      codes.set(weights.codes.subarray(row + keys[0], row + keys[1]), start + keys[0]);
    } else for (let key = keys[0]; key < keys[1]; key++) codes[start + key] = codeAt(query, key);
  }
}

/** Reads the code for a bin of `level` from a tile of another one. */
function readerOf({ place, weights }: Part, level: number, pool: PoolKind): (query: number, key: number) => number {
  const { codes, table, numQueries, numKeys } = weights;
  const [firstQuery, firstKey] = [place.row * TILE_BINS, place.column * TILE_BINS];
  const up = place.level - level;
  if (up > 0) return (query, key) => codes[((query >> up) - firstQuery) * numKeys + (key >> up) - firstKey] as number;
  const side = 2 ** -up;
  return (query, key) => {
    const [fromQuery, fromKey] = [query * side - firstQuery, key * side - firstKey];
    // NaN, a missing weight, replaces nothing, and a number replaces it.
    let [best, most, sum, count] = [-1, Number.NaN, 0, 0];
    for (let row = fromQuery; row < Math.min(fromQuery + side, numQueries); row++) {
      for (let cell = row * numKeys + fromKey; cell < row * numKeys + Math.min(fromKey + side, numKeys); cell++) {
        const weight = table[codes[cell] as number] as number;
        if (best < 0 || !(weight <= most || Number.isNaN(weight))) [best, most] = [codes[cell] as number, weight];
        if (Number.isNaN(weight)) continue;
        sum += weight;
        count++;
      }
    }
    if (pool === "max" || count === 0) return Math.max(0, best);
    return table === float16Table ? halfOf(sum / count) : decimalOf(sum / count);
  };
}
