import type { MapDescription } from "../../contract.gen";
import { keyEdges, type Region, regionsOf, targetStart } from "../composed/composed-map";
import type { Span } from "../look/viewport";
import type { HeadWeights } from "../weights/head-weights";
import { type Axis, axisOf, type NamedRange } from "./axis";
import { groupTokens } from "./group-tokens";
import { gatherRows, rowWindowOf } from "./row-window";
import { groupedSight, type Sight, sightOf } from "./sight";
import { applyThreshold, type ThresholdOptions } from "./threshold";

/** The options that hide or merge tokens. */
export interface ShownMapOptions extends ThresholdOptions {
  readonly hideSpecial: boolean;
  /** Keys that are left out, in ascending order; each query's other weights then add up to 1. */
  readonly excluded: readonly number[];
  readonly mergeWords: boolean;
  /** Whether the segment of this number is closed, so that one row stands for its tokens. */
  readonly closed: (segment: number) => boolean;
}

/** The rows and the columns of a view. */
export interface MapAxes {
  readonly queries: Axis;
  readonly keys: Axis;
}

/** The window of visible rows in a long map: `size` rows of each side, from these positions on. */
export interface RowWindow {
  readonly size: number;
  readonly query: number;
  readonly key: number;
}

/** An attention map as views show it. Views read attention only through it. */
export interface ShownMap extends MapAxes {
  /** The map, reduced to the tokens that are shown. */
  readonly description: MapDescription;
  /** Whether the source groups weights by `queries` and `keys`, because whole heads are too large to send. */
  readonly isRemote: boolean;
  /** The keys that are left out, so that the weights of the others add up to 1. */
  readonly without: readonly number[];
  /** The rectangles of the picture of all, in rows and columns; undefined for other maps. */
  readonly regions: readonly Region[] | undefined;
  /** The weights between what is shown, from those of all tokens, or from an excerpt where the source groups them. */
  apply(weights: HeadWeights): HeadWeights;
  /** The cells between what is shown that no mask closes, from the weights of all tokens of some heads. */
  sight(heads: readonly HeadWeights[]): Sight;
}

/** The map as seen through `axes`, by default whole. If `isRemote`, the source groups the weights. */
export function shownMapOf(
  description: MapDescription,
  options: ShownMapOptions,
  axes = axesOf(description, options),
  isRemote = false,
): ShownMap {
  const { queries, keys } = axes;
  const done = new WeakMap<HeadWeights, HeadWeights>();
  const isPlain = queries.isPlain && keys.isPlain;
  const regions = regionsOf(description);
  const whole = (weights: HeadWeights) =>
    isPlain || isRemote ? weights : groupTokens(weights, queries, keys, options.excluded, keyEdges(description));
  return {
    description: isPlain ? description : shownDescription(description, queries, keys, options.mergeWords),
    queries,
    keys,
    isRemote,
    without: options.excluded,
    regions: shownRegions(description, queries, keys),
    apply(weights) {
      const found = done.get(weights) ?? applyThreshold(whole(weights), options);
      done.set(weights, found);
      return found;
    },
    sight: (heads) => (isPlain ? sightOf(heads, regions) : groupedSight(sightOf(heads, regions), queries, keys)),
  };
}

function shownRegions(description: MapDescription, queries: Axis, keys: Axis): readonly Region[] | undefined {
  const rows = ([start, stop]: Region["queries"], axis: Axis) =>
    [firstFrom(start, axis), firstFrom(stop, axis)] as const;
  return regionsOf(description)?.map((one) => ({ queries: rows(one.queries, queries), keys: rows(one.keys, keys) }));
}

/** The rows and columns for all positions, or for the `shown` ones. */
export function axesOf(
  description: MapDescription,
  options: ShownMapOptions,
  shown: Readonly<Record<keyof MapAxes, Span>> | null = null,
): MapAxes {
  const words = (of: readonly number[] | null) => (options.mergeWords ? of : null);
  const hidden = (special: readonly number[], count: number, [start, stop]: Span = [0, count]) => {
    const positions = new Set(options.hideSpecial ? special : []);
    for (let at = 0; at < count; at++) if (at < start || at >= stop) positions.add(at);
    return positions;
  };
  const [numQueries, numKeys] = [description.query_tokens.length, description.key_tokens.length];
  const hiddenKeys = hidden(description.key_special, numKeys, shown?.keys);
  for (const key of options.excluded) hiddenKeys.add(key);
  const hiddenQueries = hidden(description.query_special, numQueries, shown?.queries);
  const closed = (of: readonly NamedRange[]) => of.filter((_, segment) => options.closed(segment));
  return {
    queries: axisOf(numQueries, words(description.query_words), hiddenQueries, closed(description.query_segments)),
    keys: axisOf(numKeys, words(description.key_words), hiddenKeys, closed(description.key_segments)),
  };
}

/** The same rows and columns with those outside the window gathered by position. */
export function axesInWindow(
  { sentence_b_start, parts }: MapDescription,
  { queries, keys }: MapAxes,
  sight: RowWindow,
): MapAxes {
  const start = sentence_b_start ?? targetStart({ parts });
  const cut = (axis: Axis) => (start === null ? null : firstFrom(start, axis));
  return {
    queries: gatherRows(queries, rowWindowOf(queries, sight.query, sight.size), cut(queries)),
    keys: gatherRows(keys, rowWindowOf(keys, sight.key, sight.size), cut(keys)),
  };
}

function shownDescription(description: MapDescription, queries: Axis, keys: Axis, isMerged: boolean): MapDescription {
  const tokens = (of: readonly string[], { groups, names }: Axis) =>
    spacedWords(
      groups.map((group, row) => names.get(row) ?? group.map((position) => of[position]).join("")),
      isMerged,
    );
  const special = (of: readonly number[], { shownAt, names, visibleRows }: Axis) =>
    of
      .map((position) => shownAt[position] as number)
      .filter((row) => row >= visibleRows[0] && row < visibleRows[1] && !names.has(row));
  return {
    ...description,
    query_tokens: tokens(description.query_tokens, queries),
    key_tokens: tokens(description.key_tokens, keys),
    query_special: special(description.query_special, queries),
    key_special: special(description.key_special, keys),
    query_words: null,
    key_words: null,
    query_segments: [],
    key_segments: [],
    sentence_b_start: description.sentence_b_start === null ? null : firstFrom(description.sentence_b_start, queries),
  };
}

/** Stands before a word that follows the one before without a space. */
const JOINED = "\u203f";

/**
 * Words without the spaces before them, where most begin with one, as in texts of GPT-like models. Those that follow
 * without a space get a sign instead.
 */
function spacedWords(words: string[], isMerged: boolean): string[] {
  const isSpaced = (word: string) => /^ \S/.test(word);
  if (!isMerged || 2 * words.filter(isSpaced).length < words.length) return words;
  const isJoined = (word: string, row: number) => row > 0 && /^\S/.test(word) && !/\s$/.test(words[row - 1] as string);
  return words.map((word, row) => (isSpaced(word) ? word.slice(1) : isJoined(word, row) ? JOINED + word : word));
}

/** The first row at or after a position. */
function firstFrom(position: number, { groups }: Axis): number {
  const row = groups.findIndex((group) => (group[0] as number) >= position);
  return row < 0 ? groups.length : row;
}
