import { rowsAtOnce } from "../attend/compute-head";
import { MissingRows, type WeightRows } from "../attend/weight-rows";
import type { Grouping } from "./axis";

/**
 * Weights between groups: summed over keys, averaged over queries, and added query by query. Without some keys,
 * each query's weights are first scaled so that those of the others add up to 1, in each of its softmaxes: they end at
 * `edges` of the keys. `headscope.data.grouping` is the same rule in Python.
 */
export class ExcerptSums {
  readonly queries: Grouping;
  readonly keys: Grouping;
  /** Shape (query groups, key groups). */
  readonly values: Float64Array;
  /** 1 for keys that are left out; null if none is. */
  readonly #leftOut: Uint8Array | null;

  constructor(
    queries: Grouping,
    keys: Grouping,
    without: readonly number[],
    private readonly edges: readonly number[] = [0, keys.shownAt.length],
  ) {
    this.queries = queries;
    this.keys = keys;
    this.#leftOut = without.length > 0 ? marksOf(without, keys.shownAt.length) : null;
    this.values = new Float64Array(queries.groups.length * keys.groups.length);
  }

  /**
   * Adds a query of a group. Its weight of each key from `low` up to `high` is `weights[base + key]`, and 0 for all
   * other keys.
   */
  add(group: number, weights: Float32Array, base: number, low: number, high: number): void {
    const { groups, shownAt } = this.keys;
    const size = (this.queries.groups[group] as readonly number[]).length;
    const start = group * groups.length;
    for (let edge = 1; edge < this.edges.length; edge++) {
      const from = Math.max(low, this.edges[edge - 1] as number);
      const to = Math.min(high, this.edges[edge] as number);
      const share = (this.#leftOut ? factorWithout(this.#leftOut, weights, base, from, to) : 1) / size;
      for (let key = from; key < to; key++) {
        const column = shownAt[key] as number;
        if (column >= 0) (this.values[start + column] as number) += share * (weights[base + key] as number);
      }
    }
  }
}

function marksOf(keys: readonly number[], size: number): Uint8Array {
  const marks = new Uint8Array(size);
  for (const key of keys) marks[key] = 1;
  return marks;
}

/** The factor that makes a query's weights of the other keys add up to 1; 1 where no other key has weight. */
function factorWithout(leftOut: Uint8Array, weights: Float32Array, base: number, low: number, high: number): number {
  let rest = 0;
  for (let key = low; key < high; key++) {
    const weight = weights[base + key] as number;
    if (!leftOut[key] && weight > 0) rest += weight;
  }
  return rest > 0 ? 1 / rest : 1;
}

/** Adds the queries from `start` up to `stop` that belong to groups to an excerpt, a few rows at a time. */
export function* addRows(rows: WeightRows, sums: ExcerptSums, start: number, stop: number): Generator<void> {
  if (rows instanceof MissingRows) {
    sums.values.fill(Number.NaN);
    return;
  }
  const step = rowsAtOnce(rows);
  const part = new Float32Array(Math.min(step, stop - start) * rows.numKeys);
  for (const [first, last] of runsOf(sums.queries, start, stop, step)) {
    const [low, high] = rows.seen(first, last);
    rows.write(first, last, part, low, high);
    for (let query = first; query < last; query++) {
      const base = (query - first) * (high - low) - low;
      sums.add(sums.queries.shownAt[query] as number, part, base, low, high);
    }
    yield;
  }
}

/** The first query of any group, and one past the last; an empty range if there is none. */
export function extentOf({ groups }: Grouping): readonly [number, number] {
  const [first, last] = [groups[0]?.[0], groups.at(-1)?.at(-1)];
  return first === undefined || last === undefined ? [0, 0] : [first, last + 1];
}

/** Half-open runs of neighbouring queries that belong to groups, each of at most `most` queries. */
function* runsOf({ shownAt }: Grouping, start: number, stop: number, most: number): Generator<[number, number]> {
  let first = start;
  for (let query = start; query <= stop; query++) {
    const isOutside = query === stop || (shownAt[query] as number) < 0;
    if (query > first && (isOutside || query - first === most)) {
      yield [first, query];
      first = query;
    }
    if (isOutside) first = query + 1;
  }
}
