import type { MapInfo } from "../contract.gen";
import { css, inkOn } from "../core/colors";
import { weightAt } from "../core/head-weights";
import type { Rgb } from "../core/lines";
import { formatWeight } from "../core/numbers";
import { element } from "../dom/element";
import type { LayerPicture } from "./layer-picture";
import type { HeatMap } from "./matrix-whole";
import { type Readout, readTokens, word } from "./readout";

/**
 * What the status line says of a cell: the weight in the map under the pointer, or of several heads as one. Of the
 * heads that stand side by side, without a pointer over any of them, all are told.
 */
export function readMatrix(
  picture: LayerPicture,
  maps: readonly HeatMap[],
  pointed: number | null,
  info: MapInfo | undefined,
): Readout {
  const { query, key } = picture.focus.value.tokens;
  const [from, to] = [info?.query_tokens[query ?? -1], info?.key_tokens[key ?? -1]];
  const map = maps[pointed ?? (maps.length > 1 ? -1 : 0)];
  const isPair = from !== undefined && to !== undefined && query !== null && key !== null;
  if (!map?.weights || !isPair || picture.layer.value === null) return readTokens(picture, info);
  const weight = formatWeight(weightAt(map.weights, query, key), map.weights.dtype);
  const place = `   layer ${picture.layer.value}, `;
  const heads = picture.heads.value;
  const color = maps.length > 1 ? heads.find(({ head }) => head === map.head)?.color : undefined;
  return [
    ...[word(from), " → ", word(to), place],
    ...nameOf(map.head, heads.length, color),
    ...["   ", element("b", {}, weight)],
  ];
}

/** Which head it is, in its colour where there are others, or how many as one. */
export function nameOf(head: number | null, count: number, color: Rgb | undefined): Readout {
  if (head === null) return [`all ${count} heads as one`];
  if (!color) return [`head ${head}`];
  const style = `background: ${css(color)}; color: ${inkOn(color)}`;
  return ["head ", element("span", { class: "hs-chip", style }, String(head))];
}
