import type { MapDescription } from "../../contract.gen";
import { css, inkOn } from "../../core/look/colors";
import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import type { Rgb } from "../../core/look/line-geometry";
import { weightAt } from "../../core/weights/head-weights";
import { element } from "../../dom/element";
import { tokenText } from "../../dom/token";
import type { LayerPicture } from "../scene/layer-picture";
import type { ShownHead } from "../scene/shown-heads";

export type Readout = readonly (Node | string)[];

/** How many tokens are named if only one side is pointed at. */
const STRONGEST = 3;
/** Longer tokens are cut in the middle, even though there is more room here than in the columns. */
const LONGEST_WORD = 40;
/** The most heads that are listed with their number. */
const MAX_HEADS = 8;

/** The parts of a picture that a readout needs: its heads, its layer and its focus. */
type ReadPicture = Pick<LayerPicture, "focus" | "heads" | "layer">;

/** What the status line says about the pointed or pinned tokens. Empty if there are none. */
export function tokenReadout({ focus, heads, layer }: ReadPicture, description: MapDescription | undefined): Readout {
  const { query, key } = focus.value.tokens;
  const shown = heads.value;
  const from = description?.query_tokens[query ?? -1];
  const to = description?.key_tokens[key ?? -1];
  if (!description || shown.length === 0 || layer.value === null) return [];
  const place = `layer ${layerName(description, layer.value)}`;
  if (from !== undefined && to !== undefined) {
    return [word(from), " → ", word(to), `   ${place}`, ...pairWeights(shown, query as number, key as number)];
  }
  const where = shown.length === 1 ? `${place}, head ${shown[0]?.head}` : `${place}, mean of ${shown.length} heads`;
  if (from !== undefined) {
    return [word(from), " → ", ...strongest(shown, description.key_tokens, (j) => [query as number, j]), where];
  }
  if (to !== undefined) {
    return [word(to), " ← ", ...strongest(shown, description.query_tokens, (i) => [i, key as number]), where];
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
export function pairWeights(heads: readonly ShownHead[], query: number, key: number): Readout {
  const numbered = heads.map((one) => ({ one, weight: weightAt(one.weights, query, key) }));
  const [first] = numbered;
  if (numbered.length === 1 && first) return [`, head ${first.one.head}   `, number([first.weight], [first.one])];
  // A missing weight is neither large nor small, so it goes last.
  numbered.sort((a, b) => (Number.isNaN(b.weight) ? -1 : Number.isNaN(a.weight) ? 1 : b.weight - a.weight));
  const parts = numbered
    .slice(0, MAX_HEADS)
    .flatMap(({ one, weight }) => ["  ", chip(one), " ", number([weight], [one])]);
  return heads.length > MAX_HEADS ? [...parts, `  and ${heads.length - MAX_HEADS} weaker`] : parts;
}

function chip({ head, color }: ShownHead): HTMLElement {
  const style = `background: ${css(color)}; color: ${inkOn(color)}`;
  return element("span", { class: "hs-chip", style, role: "img", "aria-label": `head ${head}` }, String(head));
}

/** The tokens with the largest weights, by the mean over the heads; if a token has none, says that they are missing. */
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

/** Names a head, in its colour if there are several, or says how many are combined. */
export function headLabel(head: number | null, count: number, color: Rgb | undefined): Readout {
  if (head === null) return [`all ${count} heads as one`];
  if (!color) return [`head ${head}`];
  const style = `background: ${css(color)}; color: ${inkOn(color)}`;
  return ["head ", element("span", { class: "hs-chip", style }, String(head))];
}
