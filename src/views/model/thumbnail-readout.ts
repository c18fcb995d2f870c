import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import { headName } from "../../core/look/view-title";
import type { HeadWeights } from "../../core/weights/head-weights";
import { element } from "../../dom/element";
import type { Overviews } from "../fetch/fetch-overviews";
import { noteNameOf } from "../notes/head-notes";
import type { Scene } from "../scene/scene";
import { type Readout, tokenName } from "../tokens/readout";
import type { LayerHead } from "./thumbnail-pointing";

/** What the status line says about a thumbnail: its largest weight, and its two tokens if each has its own bin. */
export function thumbnailReadout({ layer, head }: LayerHead, { shape, rows }: Overviews, scene: Scene): Readout {
  const [description, ranges] = [scene.description.value, scene.ranges.value];
  const place = `layer ${layerName(description, layer)}, ${headName(head, noteNameOf(scene, layer, head))}`;
  const row = shape?.rows.findIndex((one) => one.layer === layer) ?? -1;
  const column = shape?.rows[row]?.heads.indexOf(head) ?? -1;
  const weights = rows[row]?.[column];
  if (!weights || !description) return [place];
  const [query, key, largest] = largestOf(weights);
  const largestWeight = [place, "   largest weight ", element("b", {}, formatWeight(largest, weights.dtype))];
  const { queries, keys } = ranges;
  const isWhole = weights.numQueries === queries[1] - queries[0] && weights.numKeys === keys[1] - keys[0];
  const [from, to] = [tokenName(scene, "query", queries[0] + query), tokenName(scene, "key", keys[0] + key)];
  if (!isWhole || !from || !to || Number.isNaN(largest)) return largestWeight;
  return [...largestWeight, "   ", ...from, " → ", ...to];
}

/** The position and the value of the largest weight; NaN if all are missing. */
function largestOf({ codes, table, numKeys }: HeadWeights): [query: number, key: number, weight: number] {
  let best = 0;
  for (let index = 1; index < codes.length; index++) {
    const [weight, most] = [table[codes[index] as number] as number, table[codes[best] as number] as number];
    if (weight > most || Number.isNaN(most)) best = index;
  }
  return [Math.floor(best / numKeys), best % numKeys, table[codes[best] as number] as number];
}
