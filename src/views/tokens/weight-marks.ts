import { formatWeight } from "../../core/look/format";
import type { TokenPair } from "../../core/state/context";
import type { Side } from "../../core/state/side";
import { weightAt } from "../../core/weights/head-weights";
import { setAttribute } from "../../dom/element";
import type { ShownHead } from "../scene/shown-heads";
import type { Column } from "./token-columns";

/** Smaller weights get no box and no number beside their token; only the status line shows them. */
const SMALLEST_MARKED = 0.005;

/** The weights of one token of a column, one per shown head. */
export type WeightsOf = (position: number) => readonly number[];

/**
 * The weights to mark in each column: those of one query beside the keys, those of one key beside the queries, and that
 * of a pair on the side opposite to `from`. Null if there are none.
 */
export function marksOf(
  heads: readonly ShownHead[],
  { query, key }: TokenPair,
  from: Side,
): Readonly<Record<Side, WeightsOf | null>> {
  const between = (i: number, j: number) => heads.map((one) => weightAt(one.weights, i, j));
  if (query !== null && (key === null || from === "query")) {
    return { query: null, key: (at) => ((key ?? at) === at ? between(query, at) : []) };
  }
  if (key === null) return { query: null, key: null };
  return { query: (at) => ((query ?? at) === at ? between(at, key) : []), key: null };
}

/** Draws one box per head beside each token of a column, as opaque as its weight; for a single head also the number. */
export function markWeights({ tokens, start }: Column, heads: readonly ShownHead[], weightsOf: WeightsOf | null): void {
  const channels = heads.map(({ color }) => color.join(" "));
  tokens.forEach((token, row) => {
    const weights = weightsOf?.(start + row) ?? [];
    const isMarked = weights.some((weight) => !(weight < SMALLEST_MARKED));
    const [only] = weights;
    const number = isMarked && weights.length === 1 ? formatWeight(only as number, heads[0]?.weights.dtype) : undefined;
    // Writing costs the browser more than comparing, and most tokens have no marks.
    if (number !== token.dataset.weight) setAttribute(token, "data-weight", number);
    const boxes = isMarked ? boxesOf(channels, weights) : "";
    if (boxes !== "" || token.style.length > 0) token.style.backgroundImage = boxes;
  });
}

/** One box per head, side by side. A missing weight has a grey box. */
function boxesOf(channels: readonly string[], weights: readonly number[]): string {
  const stops = weights.map((weight, index) => {
    const color = Number.isNaN(weight) ? "128 128 128 / 0.5" : `${channels[index]} / ${weight.toFixed(3)}`;
    return `rgb(${color}) 0 ${(100 * (index + 1)) / weights.length}%`;
  });
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}
