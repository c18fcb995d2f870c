import { type PoolKind, TILE_BINS } from "../contract.gen";
import type { TilePlace } from "./tiles";

/** The bins of a tile along one axis. */
interface Bins {
  readonly count: number;
  /** The positions that they cover, half-open. */
  readonly start: number;
  readonly stop: number;
}

/** A tile's bins, filled query by query. Missing weights are ignored; a bin of nothing else is missing. */
export class TileBins {
  readonly queries: Bins;
  readonly keys: Bins;
  readonly #step: number;
  /** The largest weight of each bin so far, or their sum. */
  readonly #found: Float64Array;
  /** For means, how many weights each bin has. */
  readonly #count: Float64Array | null;

  constructor({ level, row, column }: TilePlace, numQueries: number, numKeys: number, pool: PoolKind) {
    this.#step = 2 ** level;
    this.queries = binsOf(numQueries, row, this.#step);
    this.keys = binsOf(numKeys, column, this.#step);
    const size = this.queries.count * this.keys.count;
    this.#found = new Float64Array(size).fill(pool === "max" ? Number.NaN : 0);
    this.#count = pool === "max" ? null : new Float64Array(size);
  }

  /** Takes in a query, whose weight of each of the tile's keys is `weights[base + key]`. */
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

function binsOf(size: number, number: number, step: number): Bins {
  const start = Math.min(size, number * TILE_BINS * step);
  const stop = Math.min(size, start + TILE_BINS * step);
  return { count: Math.ceil((stop - start) / step), start, stop };
}
