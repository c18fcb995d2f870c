import type { Grouping } from "./regroup";

/** The key on which attention rests that is needed nowhere: the first. Source: Xiao et al. 2023, arXiv:2309.17453. */
export const SINK = 0;

/**
 * Weights between groups, taken in query by query: summed over keys, their mean over queries. Without the sink, each
 * query's weights are scaled first, so that the others add up to 1. `headscope.excerpts` is the kernel's side of this
 * rule.
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
   * Takes in a query of a group: its weight of each key from `low` up to `high` is `weights[base + key]`, and 0 of the
   * others.
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

/** What makes the weights of a query add up to 1 without the sink; 1 where nothing else has any. */
function withoutSink(weights: Float32Array, base: number, low: number, high: number): number {
  let rest = 0;
  for (let key = low; key < high; key++) {
    const weight = weights[base + key] as number;
    if (key !== SINK && weight > 0) rest += weight;
  }
  return rest > 0 ? 1 / rest : 1;
}
