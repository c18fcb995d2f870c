import { type Dtype, type PoolKind, TILE_BINS } from "../../contract.gen";
import { rowsAtOnce } from "../attend/compute-head";
import { MissingRows, type WeightRows } from "../attend/weight-rows";
import { encodeWeights, type HeadWeights } from "../weights/head-weights";
import type { TilePlace } from "./tiles";

/** The bins of a tile along one axis. */
interface AxisBins {
  readonly count: number;
  /** The half-open range of positions that the bins cover. */
  readonly start: number;
  readonly stop: number;
}

/** A tile's bins, filled query by query. Missing weights are ignored; a bin is missing if all its weights are. */
export class TileBins {
  readonly queries: AxisBins;
  readonly keys: AxisBins;
  readonly #step: number;
  /** The largest weight of each bin so far, or their sum. */
  readonly #found: Float64Array;
  /** For means, the number of weights in each bin. */
  readonly #count: Float64Array | null;

  constructor({ level, row, column }: TilePlace, numQueries: number, numKeys: number, pool: PoolKind) {
    this.#step = 2 ** level;
    this.queries = binsOf(numQueries, row, this.#step);
    this.keys = binsOf(numKeys, column, this.#step);
    const size = this.queries.count * this.keys.count;
    this.#found = new Float64Array(size).fill(pool === "max" ? Number.NaN : 0);
    this.#count = pool === "max" ? null : new Float64Array(size);
  }

  /** Adds a query. Its weight of each of the tile's keys is `weights[base + key]`. */
  add(query: number, weights: Float32Array, base: number): void {
    let at = Math.floor((query - this.queries.start) / this.#step) * this.keys.count;
    const { start, stop } = this.keys;
    for (let key = start; key < stop; key += this.#step, at++) {
      const end = Math.min(key + this.#step, stop);
      if (this.#count) this.#sum(this.#count, at, weights, base + key, base + end);
      else this.#largest(at, weights, base + key, base + end);
    }
  }

  /** Shape (query bins, key bins). */
  values(): Float64Array {
    const count = this.#count;
    return count ? this.#found.map((sum, at) => sum / (count[at] as number)) : this.#found;
  }

  #largest(bin: number, weights: Float32Array, first: number, last: number): void {
    let best = this.#found[bin] as number;
    for (let at = first; at < last; at++) {
      const weight = weights[at] as number;
      if (weight > best || Number.isNaN(best)) best = weight;
    }
    this.#found[bin] = best;
  }

  #sum(count: Float64Array, bin: number, weights: Float32Array, first: number, last: number): void {
    for (let at = first; at < last; at++) {
      const weight = weights[at] as number;
      if (Number.isNaN(weight)) continue;
      (this.#found[bin] as number) += weight;
      (count[bin] as number) += 1;
    }
  }
}

function binsOf(size: number, number: number, step: number): AxisBins {
  const start = Math.min(size, number * TILE_BINS * step);
  const stop = Math.min(size, start + TILE_BINS * step);
  return { count: Math.ceil((stop - start) / step), start, stop };
}

/** A tile of a head whose weights are all in memory. */
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

/** A tile as encoded weights; `from` is the encoding of the weights from which it was computed. */
export function tileOf(bins: TileBins, from?: Dtype): HeadWeights {
  return { numQueries: bins.queries.count, numKeys: bins.keys.count, ...encodeWeights(bins.values(), from) };
}

/**
 * Fills tiles with the queries from `start` up to `stop`, a few rows at a time. Each row is computed once for all
 * tiles.
 */
export function* fillTiles(rows: WeightRows, tiles: readonly TileBins[], start: number, stop: number): Generator<void> {
  if (rows instanceof MissingRows) return;
  const [low, high] = keysOf(tiles);
  const step = Math.min(stop - start, rowsAtOnce(rows, rows.isDivisible(start, stop) ? high - low : rows.numKeys));
  const part = new Float32Array(step * (high - low));
  for (let first = start; first < stop; first += step) {
    const last = Math.min(first + step, stop);
    rows.write(first, last, part, low, high);
    for (let query = first; query < last; query++) {
      const base = (query - first) * (high - low) - low;
      for (const tile of tiles) tile.add(query, part, base);
    }
    yield;
  }
}

/** The half-open range of keys that these tiles cover together. */
export function keysOf(tiles: readonly TileBins[]): readonly [number, number] {
  return [Math.min(...tiles.map(({ keys }) => keys.start)), Math.max(...tiles.map(({ keys }) => keys.stop))];
}
