import type { MapDescription } from "../../contract.gen";
import { partRows, textParts } from "../../core/look/text-parts";
import type { Span } from "../../core/look/viewport";
import type { Axis } from "../../core/reduce/axis";
import type { ShownMap } from "../../core/reduce/shown-map";
import type { Side } from "../../core/state/side";
import { isOneText } from "../../core/state/side";
import type { Scene } from "../scene/scene";

/** A token in running text, with its row among the shown queries and its column among the shown keys. */
export interface PassageToken {
  readonly text: string;
  readonly isSpecial: boolean;
  /** Null for a token that is no query, or is hidden. */
  readonly query: number | null;
  readonly key: number | null;
  /** Its first position in the input; null for a chip. */
  readonly position: number | null;
  /** Whether it continues the word of the previous token. */
  readonly isJoined: boolean;
  /** Set for a chip that stands for tokens out of sight, before or after the visible ones. */
  readonly beyond: "before" | "after" | null;
}

/** A text that is shown on its own. */
export interface Passage {
  /** Empty if there is only one passage. */
  readonly title: string;
  readonly pieces: readonly PassageToken[];
}

/** The texts that a scene shows: one, both sentences of a pair, or that of the queries and that of the keys. */
export function passagesOf(scene: Scene): readonly Passage[] {
  const [description, shownMap, whole] = [scene.description.value, scene.shownMap.value, scene.wholeMap.value];
  if (!description || !shownMap || !whole) return [];
  const pair = scene.context.selection.pair.value;
  const { queries, keys } = scene.ranges.value;
  if (!isOneText(whole, pair)) {
    return [
      {
        title: titleOf("query", description, pair[0]),
        pieces: sidePieces("query", description, shownMap, queries, joinsOf(shownMap.queries, whole.query_words)),
      },
      {
        title: titleOf("key", description, pair[1]),
        pieces: sidePieces("key", description, shownMap, keys, joinsOf(shownMap.keys, whole.key_words)),
      },
    ];
  }
  const joins = joinsOf(shownMap.queries, whole.query_words);
  return stretchesOf(scene, description, shownMap, whole).map(([title, range]) => ({
    title,
    pieces: sharedPieces(description, shownMap, range, joins),
  }));
}

/** More parts would tear running text to pieces. */
const MOST_PARTS = 12;

/** The named parts of one text, with the rows between them; the whole text if it has none. */
function stretchesOf(
  scene: Scene,
  { sentence_b_start }: MapDescription,
  { queries: axis, isRemote }: ShownMap,
  whole: MapDescription,
): readonly (readonly [title: string, range: Span])[] {
  const [first, last] = scene.ranges.value.queries;
  const parts = isRemote ? [] : partRows(textParts(whole, "query"), axis);
  const isPair = sentence_b_start !== null;
  if (!isPair && (parts.length === 0 || parts.length > MOST_PARTS)) return [["", [first, last]]];
  const cuts = isPair
    ? [
        { name: "Sentence A", start: 0, stop: sentence_b_start },
        { name: "Sentence B", start: sentence_b_start, stop: last },
      ]
    : parts;
  const stretches: [string, Span][] = [];
  let at = first;
  for (const { name, start, stop } of cuts) {
    if (start > at) stretches.push(["", [at, Math.min(start, last)]]);
    stretches.push([name, [Math.max(start, first), Math.min(stop, last)]]);
    at = Math.max(at, stop);
  }
  stretches.push(["", [at, last]]);
  return stretches.filter(([, [from, to]]) => from < to);
}

function titleOf(side: Side, { sentence_b_start }: MapDescription, sentence: string | undefined): string {
  const role = side === "query" ? "Query" : "Key";
  if (sentence_b_start === null || (sentence !== "a" && sentence !== "b")) return role;
  return `${role}: sentence ${sentence.toUpperCase()}`;
}

/** The rows that continue the word of the previous row. */
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
  description: MapDescription,
  { queries, keys, isRemote }: ShownMap,
  [start, stop]: Span,
  joins: ReadonlySet<number>,
): PassageToken[] {
  const isQuery = side === "query";
  const [first, last] = isRemote ? (isQuery ? queries : keys).visibleRows : [start, stop];
  const { groups } = isQuery ? queries : keys;
  const special = new Set(isQuery ? description.query_special : description.key_special);
  return (isQuery ? description.query_tokens : description.key_tokens).slice(start, stop).map((text, index) => {
    const at = start + index;
    const beyond = at < first ? "before" : at >= last ? "after" : null;
    return {
      text,
      isSpecial: special.has(at),
      query: isQuery ? at : null,
      key: isQuery ? null : at,
      position: beyond ? null : (groups[at]?.[0] ?? null),
      isJoined: joins.has(at),
      beyond,
    };
  });
}

/** A key may be hidden although the query is not, as with the attention sink. */
function sharedPieces(
  description: MapDescription,
  shownMap: ShownMap,
  range: Span,
  joins: ReadonlySet<number>,
): PassageToken[] {
  const { queries, keys } = shownMap;
  return sidePieces("query", description, shownMap, range, joins).map((piece) => {
    const positions = queries.groups[piece.query as number] ?? [];
    const key = positions.map((position) => keys.shownAt[position] as number).find((column) => column >= 0);
    return { ...piece, key: key ?? null };
  });
}
