import { rowsAtOnce } from "../attend/compute-head";
import { MissingRows, type WeightRows } from "../attend/weight-rows";
import type { Grouping } from "./axis";

/** The attention sink: the first key, which absorbs surplus attention. Source: Xiao et al. 2023, arXiv:2309.17453. */
export const SINK = 0;

/**
 * Weights between groups: summed over keys, averaged over queries, and added query by query. Without the sink, each
 * query's weights are first scaled so that the others add up to 1. `headscope.data.grouping` is the same rule in
 * Python.
 */
export class ExcerptSums {
  readonly queries: Grouping;
  readonly keys: Grouping;
  /** Shape (query groups, key groups). */
  readonly values: Float64Array;
  readonly #isWithoutSink: boolean;

  constructor(queries: Grouping, keys: Grouping, isWithoutSink: boolean) {
    this.queries = queries;
    this.keys = keys;
    this.#isWithoutSink = isWithoutSink;
    this.values = new Float64Array(queries.groups.length * keys.groups.length);
  }

  /**
   * Adds a query of a group. Its weight of each key from `low` up to `high` is `weights[base + key]`, and 0 for all
   * other keys.
   */
  add(group: number, weights: Float32Array, base: number, low: number, high: number): void {
    const { groups, shownAt } = this.keys;
    const size = (this.queries.groups[group] as readonly number[]).length;
    const share = (this.#isWithoutSink ? withoutSink(weights, base, low, high) : 1) / size;
    const start = group * groups.length;
    for (let key = low; key < high; key++) {
      const column = shownAt[key] as number;
      if (column >= 0) (this.values[start + column] as number) += share * (weights[base + key] as number);
    }
  }
}

/** The factor that makes the weights of a query add up to 1 without the sink; 1 where no other key has weight. */
function withoutSink(weights: Float32Array, base: number, low: number, high: number): number {
  let rest = 0;
  for (let key = low; key < high; key++) {
    const weight = weights[base + key] as number;
    if (key !== SINK && weight > 0) rest += weight;
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
