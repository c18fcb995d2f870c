import type { MapInfo, PairFilter } from "../contract.gen";
import type { Axis } from "../core/axis";
import type { Lens } from "../core/lens";
import type { Span } from "../core/viewport";
import type { Side } from "./columns";
import type { Scene } from "./scene";

/** A token in a running text, by its row among the shown queries and its column among the shown keys. */
export interface Piece {
  readonly text: string;
  readonly isSpecial: boolean;
  /** Null for a token that is no query, or a hidden one. */
  readonly query: number | null;
  readonly key: number | null;
  /** Whether it goes on with the word of the token before. */
  readonly isJoined: boolean;
  /** Where it stands for tokens out of sight, before or after those in sight. */
  readonly beyond: "before" | "after" | null;
}

/** A text that is shown by itself. */
export interface Passage {
  /** Empty where there is but one. */
  readonly title: string;
  readonly pieces: readonly Piece[];
}

/** Whether queries and keys are the same tokens of one text, so that a token can be shown once for both. */
export function isOneText(info: MapInfo | undefined, pair: PairFilter): boolean {
  if (!info || info.name === "cross" || pair === "ab" || pair === "ba") return false;
  const { query_tokens: queries, key_tokens: keys } = info;
  return queries === keys || (queries.length === keys.length && queries.every((token, at) => token === keys[at]));
}

/** The texts that a scene shows: one, both sentences of a pair, or that of the queries and that of the keys. */
export function passagesOf(scene: Scene): readonly Passage[] {
  const [info, lens, whole] = [scene.info.value, scene.lens.value, scene.whole.value];
  if (!info || !lens || !whole) return [];
  const pair = scene.context.selection.pair.value;
  const { queries, keys } = scene.ranges.value;
  if (!isOneText(whole, pair)) {
    return [
      {
        title: titleOf("query", info, pair[0]),
        pieces: sidePieces("query", info, lens, queries, joinsOf(lens.queries, whole.query_words)),
      },
      {
        title: titleOf("key", info, pair[1]),
        pieces: sidePieces("key", info, lens, keys, joinsOf(lens.keys, whole.key_words)),
      },
    ];
  }
  const joins = joinsOf(lens.queries, whole.query_words);
  const start = info.sentence_b_start;
  if (start === null) return [{ title: "", pieces: sharedPieces(info, lens, queries, joins) }];
  const sentences: readonly (readonly [string, Span])[] = [
    ["Sentence A", [queries[0], Math.min(start, queries[1])]],
    ["Sentence B", [Math.max(start, queries[0]), queries[1]]],
  ];
  return sentences
    .filter(([, [first, last]]) => first < last)
    .map(([title, range]) => ({ title, pieces: sharedPieces(info, lens, range, joins) }));
}

function titleOf(side: Side, { sentence_b_start }: MapInfo, sentence: string | undefined): string {
  const role = side === "query" ? "Query" : "Key";
  if (sentence_b_start === null || (sentence !== "a" && sentence !== "b")) return role;
  return `${role}: sentence ${sentence.toUpperCase()}`;
}

/** The rows that go on with the word of the row before. */
function joinsOf({ groups }: Axis, words: readonly number[] | null): ReadonlySet<number> {
  const wordOf = (position: number | undefined) => (position === undefined ? undefined : words?.[position]);
  const isJoined = (row: number) => {
    const word = wordOf(groups[row]?.[0]);
    return word !== undefined && word === wordOf(groups[row - 1]?.at(-1));
  };
  return new Set([...groups.keys()].filter(isJoined));
}

function sidePieces(
  side: Side,
  info: MapInfo,
  { queries, keys, isRemote }: Lens,
  [start, stop]: Span,
  joins: ReadonlySet<number>,
): Piece[] {
  const isQuery = side === "query";
  const [first, last] = isRemote ? (isQuery ? queries : keys).inSight : [start, stop];
  const special = new Set(isQuery ? info.query_special : info.key_special);
  return (isQuery ? info.query_tokens : info.key_tokens).slice(start, stop).map((text, index) => {
    const at = start + index;
    return {
      text,
      isSpecial: special.has(at),
      query: isQuery ? at : null,
      key: isQuery ? null : at,
      isJoined: joins.has(at),
      beyond: at < first ? "before" : at >= last ? "after" : null,
    };
  });
}

/** A key may be hidden where the query is not, as the attention sink can be. */
function sharedPieces(info: MapInfo, lens: Lens, range: Span, joins: ReadonlySet<number>): Piece[] {
  const { queries, keys } = lens;
  return sidePieces("query", info, lens, range, joins).map((piece) => {
    const positions = queries.groups[piece.query as number] ?? [];
    const key = positions.map((position) => keys.shownAt[position] as number).find((column) => column >= 0);
    return { ...piece, key: key ?? null };
  });
}
