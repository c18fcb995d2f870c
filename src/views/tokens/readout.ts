import type { Combine } from "../../contract.gen";
import { isComposed } from "../../core/composed/composed-map";
import { css, inkOn } from "../../core/look/colors";
import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import type { Rgb } from "../../core/look/line-geometry";
import { predictionAt } from "../../core/look/predicted";
import { AXES, type Side } from "../../core/state/side";
import { weightAt } from "../../core/weights/head-weights";
import { element } from "../../dom/element";
import { tokenText } from "../../dom/token";
import type { LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import { cellPlace, UNCONNECTED } from "./cell-place";

export type Readout = readonly (Node | string)[];

/** How many tokens are named if only one side is pointed at. */
const STRONGEST = 3;
/** Longer tokens are cut in the middle, even though there is more room here than in the columns. */
const LONGEST_WORD = 40;
/** The most heads that are listed with their number. */
const MAX_HEADS = 6;

/** The parts of a picture that a readout needs: its heads, its layer and its focus. */
type ReadPicture = Pick<LayerPicture, "focus" | "heads" | "layer">;

/** The parts of a scene that a readout needs: the tokens, their places in the text, and which of them are shown. */
export type ReadScene = Pick<Scene, "description" | "shownMap" | "ranges">;

/**
 * What the status line says about the pointed or pinned tokens; empty if there are none. It names shown tokens only. Of
 * several heads it names the strongest pairs of a head and a token, and their mean after them, unless the picture
 * itself combines them.
 */
export function tokenReadout(picture: ReadPicture, scene: ReadScene, combine: Combine = "each"): Readout {
  const { query, key } = picture.focus.value.tokens;
  const heads = picture.heads.value;
  const [from, to] = [tokenName(scene, "query", query), tokenName(scene, "key", key)];
  if (heads.length === 0 || picture.layer.value === null || (!from && !to)) return [];
  const place = `layer ${layerName(scene.description.value, picture.layer.value)}`;
  if (from && to) {
    const cell = { query: query as number, key: key as number };
    const there = cellPlace(scene, picture.layer.value, cell);
    if (there === null) return [...from, " → ", ...to, `   ${UNCONNECTED}`];
    return [...from, " → ", ...to, `   ${there}`, ...pairWeights(withHead(scene, heads, cell), cell.query, cell.key)];
  }
  if (from && isEmptied(heads, scene.shownMap.value?.without ?? [], query as number))
    return [...from, ` → ${EMPTIED}   ${place}`];
  if (from)
    return [
      ...from,
      " → ",
      ...besideReadout(weightsBeside(scene, "key", heads, query as number), heads, place, combine),
      ...predictionReadout(scene, query as number),
    ];
  return [
    ...(to as Readout),
    " ← ",
    ...besideReadout(weightsBeside(scene, "query", heads, key as number), heads, place, combine),
  ];
}

/** In the picture of all, the heads that the attention of a cell has; all if it has none of them. */
export function withHead(
  { description }: Pick<ReadScene, "description">,
  heads: readonly ShownHead[],
  { query, key }: { readonly query: number; readonly key: number },
): readonly ShownHead[] {
  if (!isComposed(description.value)) return heads;
  const there = heads.filter(({ weights }) => !Number.isNaN(weightAt(weights, query, key)));
  return there.length > 0 ? there : heads;
}

const EMPTIED = "nothing: every key that it attends to is left out";

/** Whether a query has no weight left because keys are left out. */
export function isEmptied(heads: readonly ShownHead[], without: readonly number[], query: number): boolean {
  if (without.length === 0) return false;
  return heads.every(({ weights: { codes, table, numKeys } }) =>
    codes.subarray(query * numKeys, (query + 1) * numKeys).every((code) => table[code] === 0),
  );
}

/** What the model predicts beside a query: after the last token of its row. Empty if that is not known. */
function predictionReadout({ description, shownMap }: ReadScene, row: number): Readout {
  const found = predictionAt(description.value, shownMap.value?.queries.groups[row]?.at(-1) ?? row);
  if (!found) return [];
  return [`   ${found.lead}: `, ...found.best.flatMap(({ name, probability }) => [word(name), ` ${probability}  `])];
}

/** The strongest of the tokens beside one token, and where this is. */
function besideReadout(
  others: readonly Beside[],
  heads: readonly ShownHead[],
  place: string,
  combine: Combine,
): Readout {
  const [only, ...more] = heads;
  const where =
    more.length === 0
      ? `${place}, head ${only?.head}`
      : `${place}, ${combine === "sum" ? "sum" : "mean"} of ${heads.length} heads`;
  if (others.every(({ weights }) => weights.every(Number.isNaN))) return [element("b", {}, "missing"), `   ${where}`];
  if (others.every(({ counted }) => counted.every((weight) => !(weight > 0))))
    return [`nothing that is shown   ${where}`];
  if (more.length === 0 || combine !== "each") return [...strongest(others, only, combine), where];
  return [...strongestPairs(others, heads), `${where}: `, ...strongest(others, only, "mean", 1)];
}

/** A token of a side as a word; with its position if the text repeats it. Null if there is none. */
export function tokenName({ description, shownMap }: ReadScene, side: Side, row: number | null): Readout | null {
  const tokens = side === "query" ? description.value?.query_tokens : description.value?.key_tokens;
  const text = tokens?.[row ?? -1];
  if (!tokens || text === undefined || row === null) return null;
  const isRepeated = tokens.indexOf(text) !== tokens.lastIndexOf(text);
  const axis = shownMap.value?.[AXES[side]];
  return isRepeated ? [word(text), ` [${axis?.groups[row]?.[0] ?? row}]`] : [word(text)];
}

export function word(token: string): HTMLElement {
  const { lead, text } = tokenText(token, LONGEST_WORD);
  return element("bdi", { class: "hs-word" }, lead + text);
}

function number(weight: number, head: ShownHead | undefined): HTMLElement {
  return element("b", {}, formatWeight(weight, head?.weights.dtype));
}

/** The pair's weight in each head, the strongest heads first. */
export function pairWeights(heads: readonly ShownHead[], query: number, key: number): Readout {
  const numbered = heads.map((one) => ({ one, weight: weightAt(one.weights, query, key) }));
  const [first] = numbered;
  if (numbered.length === 1 && first) return [`, head ${first.one.head}   `, number(first.weight, first.one)];
  // A missing weight is neither large nor small, so it goes last.
  numbered.sort((a, b) => (Number.isNaN(b.weight) ? -1 : Number.isNaN(a.weight) ? 1 : b.weight - a.weight));
  const parts = numbered.slice(0, MAX_HEADS).flatMap(({ one, weight }) => ["  ", chip(one), " ", number(weight, one)]);
  return heads.length > MAX_HEADS ? [...parts, `  and ${heads.length - MAX_HEADS} weaker`] : parts;
}

function chip({ head, color }: ShownHead): HTMLElement {
  const style = `background: ${css(color)}; color: ${inkOn(color)}`;
  return element("span", { class: "hs-chip", style, role: "img", "aria-label": `head ${head}` }, String(head));
}

/** A shown token with its weight in each head. */
interface Beside {
  readonly name: Readout;
  readonly weights: readonly number[];
  /** Those that count: in the picture of all, those of the heads that the attention has. */
  readonly counted: readonly number[];
}

/** The shown tokens of a side with their weights beside one token of the other side. */
function weightsBeside(scene: ReadScene, side: Side, heads: readonly ShownHead[], other: number): readonly Beside[] {
  const [start, stop] = scene.ranges.value[AXES[side]];
  return Array.from({ length: stop - start }, (_, index) => {
    const row = start + index;
    const [query, key] = side === "key" ? [other, row] : [row, other];
    const weights = heads.map((one) => weightAt(one.weights, query, key));
    return {
      get name() {
        return tokenName(scene, side, row) ?? [];
      },
      weights,
      counted: isComposed(scene.description.value) ? weights.filter((weight) => !Number.isNaN(weight)) : weights,
    };
  });
}

/** The tokens with the largest weights, by the sum or the mean over the heads. */
function strongest(
  others: readonly Beside[],
  head: ShownHead | undefined,
  combine: Combine = "mean",
  most = STRONGEST,
): Readout {
  const total = ({ counted }: Beside) =>
    counted.reduce((sum, weight) => sum + weight, 0) / (combine === "sum" ? 1 : counted.length);
  return others
    .filter((one) => total(one) > 0)
    .sort((a, b) => total(b) - total(a))
    .slice(0, most)
    .flatMap((one) => [...one.name, " ", number(total(one), head), "   "]);
}

/** The largest weights of all heads, each with its head and its token. */
function strongestPairs(others: readonly Beside[], heads: readonly ShownHead[]): Readout {
  return others
    .flatMap(({ weights }, at) => weights.map((weight, index) => ({ at, weight, one: heads[index] as ShownHead })))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, STRONGEST)
    .flatMap(({ at, weight, one }) => [
      chip(one),
      " ",
      ...(others[at] as Beside).name,
      " ",
      number(weight, one),
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
