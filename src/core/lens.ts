import type { MapInfo } from "../contract.gen";
import { type Axis, axisOf } from "./axis";
import { halfOf } from "./half";
import type { HeadWeights } from "./head-weights";
import { float16Table } from "./tables";

/** What is left out of a view or put together in it. */
export interface LensOptions {
  readonly threshold: number | null;
  readonly topK: number | null;
  readonly hideSpecial: boolean;
  readonly hideSink: boolean;
  readonly mergeWords: boolean;
}

/** An attention map as a view shows it: the views know nothing else. */
export interface Lens {
  /** The map with the tokens that are shown. */
  readonly info: MapInfo;
  readonly queries: Axis;
  readonly keys: Axis;
  /** The weights between what is shown. */
  apply(weights: HeadWeights): HeadWeights;
}

/** The key on which attention rests that is needed nowhere: the first. Source: Xiao et al. 2023, arXiv:2309.17453. */
const SINK = 0;

export function lensOf(info: MapInfo, options: LensOptions): Lens {
  const words = (of: readonly number[] | null) => (options.mergeWords ? of : null);
  const special = (of: readonly number[]) => new Set(options.hideSpecial ? of : []);
  const hiddenKeys = special(info.key_special);
  if (options.hideSink) hiddenKeys.add(SINK);
  const queries = axisOf(info.query_tokens.length, words(info.query_words), special(info.query_special));
  const keys = axisOf(info.key_tokens.length, words(info.key_words), hiddenKeys);
  const done = new WeakMap<HeadWeights, HeadWeights>();
  const isPlain = queries.isPlain && keys.isPlain;
  return {
    info: isPlain ? info : shownInfo(info, queries, keys),
    queries,
    keys,
    apply(weights) {
      const found =
        done.get(weights) ?? thinned(isPlain ? weights : regrouped(weights, queries, keys, options), options);
      done.set(weights, found);
      return found;
    },
  };
}

function shownInfo(info: MapInfo, queries: Axis, keys: Axis): MapInfo {
  const tokens = (of: readonly string[], { groups }: Axis) =>
    groups.map((group) => group.map((position) => of[position]).join(""));
  const special = (of: readonly number[], { shownAt }: Axis) =>
    of.map((position) => shownAt[position] as number).filter((row) => row >= 0);
  return {
    ...info,
    query_tokens: tokens(info.query_tokens, queries),
    key_tokens: tokens(info.key_tokens, keys),
    query_special: special(info.query_special, queries),
    key_special: special(info.key_special, keys),
    query_words: null,
    key_words: null,
    sentence_b_start: info.sentence_b_start === null ? null : firstFrom(info.sentence_b_start, queries),
  };
}

/** The first row at or after a position. */
function firstFrom(position: number, { groups }: Axis): number {
  const row = groups.findIndex((group) => (group[0] as number) >= position);
  return row < 0 ? groups.length : row;
}

/** The weights between groups: summed over keys, their mean over queries. */
function regrouped(
  { codes, table, numKeys }: HeadWeights,
  queries: Axis,
  keys: Axis,
  options: LensOptions,
): HeadWeights {
  const columns = keys.groups.length;
  const found = new Uint16Array(queries.groups.length * columns);
  const sums = new Float64Array(columns);
  queries.groups.forEach((group, row) => {
    sums.fill(0);
    for (const query of group) {
      const start = query * numKeys;
      const share = (options.hideSink ? withoutSink(codes, table, start, numKeys) : 1) / group.length;
      for (let key = 0; key < numKeys; key++) {
        const column = keys.shownAt[key] as number;
        if (column < 0) continue;
        sums[column] = (sums[column] as number) + share * (table[codes[start + key] as number] as number);
      }
    }
    for (let column = 0; column < columns; column++) found[row * columns + column] = halfOf(sums[column] as number);
  });
  return {
    numQueries: queries.groups.length,
    numKeys: columns,
    codes: found,
    table: float16Table,
    dtype: "float16",
  };
}

/** What makes the weights of a row add up to 1 without the sink; 1 where nothing else has any. */
function withoutSink(codes: HeadWeights["codes"], table: Float32Array, start: number, numKeys: number): number {
  let rest = 0;
  for (let key = 0; key < numKeys; key++) {
    const weight = table[codes[start + key] as number] as number;
    if (key !== SINK && weight > 0) rest += weight;
  }
  return rest > 0 ? 1 / rest : 1;
}

/** Without the weights under the threshold, and beyond the strongest of each query. */
function thinned(weights: HeadWeights, { threshold, topK }: LensOptions): HeadWeights {
  if (threshold === null && topK === null) return weights;
  const { numQueries, numKeys, table } = weights;
  const codes = weights.codes.slice();
  for (let query = 0; query < numQueries; query++) {
    const row = codes.subarray(query * numKeys, (query + 1) * numKeys);
    const least = Math.max(threshold ?? 0, topK === null ? 0 : strongestOf(row, table, topK));
    for (let key = 0; key < numKeys; key++) {
      // The code 0 stands for no weight in every encoding; a missing weight stays missing.
      if ((table[row[key] as number] as number) < least) row[key] = 0;
    }
  }
  return { ...weights, codes };
}

/** The weight of the `count`-th strongest key. */
function strongestOf(row: HeadWeights["codes"], table: Float32Array, count: number): number {
  if (count >= row.length) return 0;
  const weights = Float32Array.from(row, (code) => table[code] as number).filter((weight) => weight > 0);
  return weights.sort().at(-count) ?? 0;
}
