import type { Combine } from "../../contract.gen";
import type { HeadWeights } from "../../core/weights/head-weights";
import { weightAt } from "../../core/weights/head-weights";
import { element } from "../../dom/element";
import type { LayerPicture } from "../scene/layer-picture";
import { cellPlace, cellWeight, UNCONNECTED } from "../tokens/cell-place";
import { headLabel, type Readout, type ReadScene, tokenName, tokenReadout } from "../tokens/readout";

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
  scene: ReadScene,
  combine: Combine,
): Readout {
  const { query, key } = picture.focus.value.tokens;
  const [from, to] = [tokenName(scene, "query", query), tokenName(scene, "key", key)];
  const map = maps[pointed ?? (maps.length > 1 ? -1 : 0)];
  if (!map?.weights || !from || !to || query === null || key === null || picture.layer.value === null) {
    return tokenReadout(picture, scene, combine);
  }
  const there = cellPlace(scene, picture.layer.value, { query, key });
  if (there === null) return [...from, " → ", ...to, `   ${UNCONNECTED}`];
  const weight = cellWeight(scene, weightAt(map.weights, query, key), map.weights.dtype);
  const place = `   ${there}, `;
  const heads = picture.heads.value;
  const color = maps.length > 1 ? heads.find(({ head }) => head === map.head)?.color : undefined;
  return [
    ...[...from, " → ", ...to, place],
    ...headLabel(map.head, heads.length, color),
    ...["   ", element("b", {}, weight)],
  ];
}
