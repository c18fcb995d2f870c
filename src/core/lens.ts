import type { MapInfo } from "../contract.gen";
import { type Axis, axisOf, type Named } from "./axis";
import type { HeadWeights } from "./head-weights";
import { regrouped, SINK } from "./regroup";
import { gathered, sightOf } from "./sight";
import type { Span } from "./viewport";

/** What is left out of a view or put together in it. */
export interface LensOptions {
  readonly threshold: number | null;
  readonly topK: number | null;
  /** Whether `topK` counts the keys of each query or the queries of each key. */
  readonly topOf: "query" | "key";
  readonly hideSpecial: boolean;
  readonly hideSink: boolean;
  readonly mergeWords: boolean;
  /** The segments that stand for their tokens, by their numbers; none where segments are not put together. */
  readonly closed: (segment: number) => boolean;
}

/** The rows and the columns of a view. */
export interface Axes {
  readonly queries: Axis;
  readonly keys: Axis;
}

/** How much of a long map is in sight: so many rows of each side, from these positions on. */
export interface Sight {
  readonly size: number;
  readonly query: number;
  readonly key: number;
}

/** An attention map as a view shows it: the views know nothing else. */
export interface Lens extends Axes {
  /** The map with the tokens that are shown. */
  readonly info: MapInfo;
  /** Whether the source is to put weights together by `queries` and `keys`, because there are too many to be sent. */
  readonly isRemote: boolean;
  readonly hidesSink: boolean;
  /** The weights between what is shown: of all tokens, or where the source puts them together of what it sends. */
  apply(weights: HeadWeights): HeadWeights;
}

/** The map through `axes`; by default all of it. The source puts weights together by them where it `isRemote`. */
export function lensOf(info: MapInfo, options: LensOptions, axes = axesOf(info, options), isRemote = false): Lens {
  const { queries, keys } = axes;
  const done = new WeakMap<HeadWeights, HeadWeights>();
  const isPlain = queries.isPlain && keys.isPlain;
  const whole = (weights: HeadWeights) =>
    isPlain || isRemote ? weights : regrouped(weights, queries, keys, options.hideSink);
  return {
    info: isPlain ? info : shownInfo(info, queries, keys),
    queries,
    keys,
    isRemote,
    hidesSink: options.hideSink,
    apply(weights) {
      const found = done.get(weights) ?? thinned(whole(weights), options);
      done.set(weights, found);
      return found;
    },
  };
}

/** What the rows and columns stand for, of all positions or of the `shown` ones. */
export function axesOf(
  info: MapInfo,
  options: LensOptions,
  shown: Readonly<Record<keyof Axes, Span>> | null = null,
): Axes {
  const words = (of: readonly number[] | null) => (options.mergeWords ? of : null);
  const hidden = (special: readonly number[], count: number, [start, stop]: Span = [0, count]) => {
    const positions = new Set(options.hideSpecial ? special : []);
    for (let at = 0; at < count; at++) if (at < start || at >= stop) positions.add(at);
    return positions;
  };
  const [numQueries, numKeys] = [info.query_tokens.length, info.key_tokens.length];
  const hiddenKeys = hidden(info.key_special, numKeys, shown?.keys);
  if (options.hideSink) hiddenKeys.add(SINK);
  const hiddenQueries = hidden(info.query_special, numQueries, shown?.queries);
  const closed = (of: readonly Named[]) => of.filter((_, segment) => options.closed(segment));
  return {
    queries: axisOf(numQueries, words(info.query_words), hiddenQueries, closed(info.query_segments)),
    keys: axisOf(numKeys, words(info.key_words), hiddenKeys, closed(info.key_segments)),
  };
}

/** The same rows and columns, those out of sight gathered by their place. */
export function axesInSight({ sentence_b_start }: MapInfo, { queries, keys }: Axes, sight: Sight): Axes {
  const cut = (axis: Axis) => (sentence_b_start === null ? null : firstFrom(sentence_b_start, axis));
  return {
    queries: gathered(queries, sightOf(queries, sight.query, sight.size), cut(queries)),
    keys: gathered(keys, sightOf(keys, sight.key, sight.size), cut(keys)),
  };
}

function shownInfo(info: MapInfo, queries: Axis, keys: Axis): MapInfo {
  const tokens = (of: readonly string[], { groups, names }: Axis) =>
    groups.map((group, row) => names.get(row) ?? group.map((position) => of[position]).join(""));
  const special = (of: readonly number[], { shownAt, names, inSight }: Axis) =>
    of
      .map((position) => shownAt[position] as number)
      .filter((row) => row >= inSight[0] && row < inSight[1] && !names.has(row));
  return {
    ...info,
    query_tokens: tokens(info.query_tokens, queries),
    key_tokens: tokens(info.key_tokens, keys),
    query_special: special(info.query_special, queries),
    key_special: special(info.key_special, keys),
    query_words: null,
    key_words: null,
    query_segments: [],
    key_segments: [],
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
