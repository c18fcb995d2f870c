import type { MapInfo } from "../contract.gen";
import { type Axis, axisOf } from "./axis";
import type { HeadWeights } from "./head-weights";
import { regrouped, SINK } from "./regroup";

/** What is left out of a view or put together in it. */
export interface LensOptions {
  readonly threshold: number | null;
  readonly topK: number | null;
  /** Whether `topK` counts the keys of each query or the queries of each key. */
  readonly topOf: "query" | "key";
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
        done.get(weights) ?? thinned(isPlain ? weights : regrouped(weights, queries, keys, options.hideSink), options);
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

/** Without the weights under the threshold, and beyond the strongest of each query or of each key. */
function thinned(weights: HeadWeights, { threshold, topK, topOf }: LensOptions): HeadWeights {
  if (threshold === null && topK === null) return weights;
  const { numQueries, numKeys, table } = weights;
  const codes = weights.codes.slice();
  const [lines, length] = topOf === "query" ? [numQueries, numKeys] : [numKeys, numQueries];
  const [step, along] = topOf === "query" ? [numKeys, 1] : [1, numKeys];
  const found = new Float32Array(length);
  for (let line = 0; line < lines; line++) {
    const start = line * step;
    for (let at = 0; at < length; at++) found[at] = table[codes[start + at * along] as number] as number;
    const least = Math.max(threshold ?? 0, topK === null ? 0 : strongestOf(found, topK));
    for (let at = 0; at < length; at++) {
      // The code 0 stands for no weight in every encoding; a missing weight stays missing.
      if ((found[at] as number) < least) codes[start + at * along] = 0;
    }
  }
  return { ...weights, codes };
}

/** The `count`-th largest weight. */
function strongestOf(weights: Float32Array, count: number): number {
  if (count >= weights.length) return 0;
  return (
    weights
      .filter((weight) => weight > 0)
      .sort()
      .at(-count) ?? 0
  );
}
