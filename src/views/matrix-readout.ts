import type { MapInfo } from "../contract.gen";
import { css, inkOn } from "../core/colors";
import { weightAt } from "../core/head-weights";
import { formatWeight } from "../core/numbers";
import { element } from "../dom/element";
import type { Matrix } from "./matrix-map";
import { type Readout, readTokens, word } from "./readout";

/**
 * What the status line says of a cell: the weight in the map under the pointer, or of several heads as one. Of the
 * heads that stand side by side, without a pointer over any of them, all are told.
 */
export function readMatrix(matrix: Matrix, info: MapInfo | undefined): Readout {
  const { query, key } = matrix.focus.value.tokens;
  const [from, to] = [info?.query_tokens[query ?? -1], info?.key_tokens[key ?? -1]];
  const [only, second] = matrix.maps.value;
  const map = matrix.pointed.value ?? (second ? null : only);
  const isPair = from !== undefined && to !== undefined && query !== null && key !== null;
  if (!map?.weights || !isPair || matrix.layer.value === null) return readTokens(matrix, info);
  const weight = formatWeight(weightAt(map.weights, query, key), map.weights.dtype);
  const place = `   layer ${matrix.layer.value}, `;
  return [word(from), " → ", word(to), place, ...nameOf(map.head, matrix), "   ", element("b", {}, weight)];
}

function nameOf(head: number | null, { heads, maps }: Matrix): Readout {
  if (head === null) return [`all ${heads.value.length} heads as one`];
  const color = heads.value.find((one) => one.head === head)?.color;
  if (!color || maps.value.length === 1) return [`head ${head}`];
  const style = `background: ${css(color)}; color: ${inkOn(color)}`;
  return ["head ", element("span", { class: "hs-chip", style }, String(head))];
}
