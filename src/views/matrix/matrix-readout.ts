import type { MapDescription } from "../../contract.gen";
import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import type { HeadWeights } from "../../core/weights/head-weights";
import { weightAt } from "../../core/weights/head-weights";
import { element } from "../../dom/element";
import type { LayerPicture } from "../scene/layer-picture";
import { headLabel, type Readout, tokenReadout, word } from "../tokens/readout";

/** The contents of one heat map: one head, or all active heads combined. */
export interface HeatMap {
  /** Null for several heads combined. */
  readonly head: number | null;
  /** Null until the weights are there. */
  readonly weights: HeadWeights | null;
}

/**
 * What the status line says about a cell: the weight in the map under the pointer, or that of the combined heads. If
 * maps are side by side and the pointer is over none of them, it lists the weights of all.
 */
export function matrixReadout(
  picture: LayerPicture,
  maps: readonly HeatMap[],
  pointed: number | null,
  description: MapDescription | undefined,
): Readout {
  const { query, key } = picture.focus.value.tokens;
  const [from, to] = [description?.query_tokens[query ?? -1], description?.key_tokens[key ?? -1]];
  const map = maps[pointed ?? (maps.length > 1 ? -1 : 0)];
  const isPair = from !== undefined && to !== undefined && query !== null && key !== null;
  if (!map?.weights || !isPair || picture.layer.value === null) return tokenReadout(picture, description);
  const weight = formatWeight(weightAt(map.weights, query, key), map.weights.dtype);
  const place = `   layer ${layerName(description, picture.layer.value)}, `;
  const heads = picture.heads.value;
  const color = maps.length > 1 ? heads.find(({ head }) => head === map.head)?.color : undefined;
  return [
    ...[word(from), " → ", word(to), place],
    ...headLabel(map.head, heads.length, color),
    ...["   ", element("b", {}, weight)],
  ];
}
