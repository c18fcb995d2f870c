import type { MapInfo } from "../contract.gen";
import { css, inkOn } from "../core/colors";
import { weightAt } from "../core/head-weights";
import { formatWeight } from "../core/numbers";
import { element } from "../dom/element";
import { tokenText } from "../dom/token";
import type { LayerPicture } from "./layer-picture";
import type { ShownHead } from "./shown-heads";

export type Readout = readonly (Node | string)[];

/** How many tokens are named when only one side is pointed at. */
const STRONGEST = 3;
/** Longer tokens are cut in the middle also here, where there is more room than in the columns. */
const LONGEST_WORD = 40;
/** How many heads are given with their number. */
const MOST_HEADS = 8;

/** What is told of a picture: its heads, its layer and what is pointed at. */
type Read = Pick<LayerPicture, "focus" | "heads" | "layer">;

/** What the status line says of the tokens that are pointed at or pinned. Empty when there are none. */
export function readTokens({ focus, heads, layer }: Read, info: MapInfo | undefined): Readout {
  const { query, key } = focus.value.tokens;
  const shown = heads.value;
  const from = info?.query_tokens[query ?? -1];
  const to = info?.key_tokens[key ?? -1];
  if (!info || shown.length === 0 || layer.value === null) return [];
  const place = `layer ${layer.value}`;
  if (from !== undefined && to !== undefined) {
    return [word(from), " → ", word(to), `   ${place}`, ...pairNumbers(shown, query as number, key as number)];
  }
  const where = shown.length === 1 ? `${place}, head ${shown[0]?.head}` : `${place}, mean of ${shown.length} heads`;
  if (from !== undefined) {
    return [word(from), " → ", ...strongest(shown, info.key_tokens, (j) => [query as number, j]), where];
  }
  if (to !== undefined) {
    return [word(to), " ← ", ...strongest(shown, info.query_tokens, (i) => [i, key as number]), where];
  }
  return [];
}

export function word(token: string): HTMLElement {
  const { lead, text } = tokenText(token, LONGEST_WORD);
  return element("bdi", { class: "hs-word" }, lead + text);
}

function number(weights: readonly number[], heads: readonly ShownHead[]): HTMLElement {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return element("b", {}, formatWeight(mean, heads[0]?.weights.dtype));
}

/** The pair's weight in each head, the strongest heads first. */
export function pairNumbers(heads: readonly ShownHead[], query: number, key: number): Readout {
  const numbered = heads.map((one) => ({ one, weight: weightAt(one.weights, query, key) }));
  const [first] = numbered;
  if (numbered.length === 1 && first) return [`, head ${first.one.head}   `, number([first.weight], [first.one])];
  // A missing weight is neither large nor small: it goes last.
  numbered.sort((a, b) => (Number.isNaN(b.weight) ? -1 : Number.isNaN(a.weight) ? 1 : b.weight - a.weight));
  const told = numbered
    .slice(0, MOST_HEADS)
    .flatMap(({ one, weight }) => ["  ", chip(one), " ", number([weight], [one])]);
  return heads.length > MOST_HEADS ? [...told, `  and ${heads.length - MOST_HEADS} weaker`] : told;
}

function chip({ head, color }: ShownHead): HTMLElement {
  const style = `background: ${css(color)}; color: ${inkOn(color)}`;
  return element("span", { class: "hs-chip", style, role: "img", "aria-label": `head ${head}` }, String(head));
}

/** The tokens with the largest weights, by the mean over the heads; of a token without any, that they are missing. */
function strongest(
  heads: readonly ShownHead[],
  tokens: readonly string[],
  at: (position: number) => [number, number],
): Readout {
  const weights = tokens.map((_, position) => heads.map((one) => weightAt(one.weights, ...at(position))));
  const total = (position: number) => (weights[position] as number[]).reduce((sum, weight) => sum + weight, 0);
  if (weights.flat().every(Number.isNaN)) return [element("b", {}, "missing"), "   "];
  return [...tokens.keys()]
    .filter((position) => total(position) > 0)
    .sort((a, b) => total(b) - total(a))
    .slice(0, STRONGEST)
    .flatMap((position) => [
      word(tokens[position] as string),
      " ",
      number(weights[position] as number[], heads),
      "   ",
    ]);
}
