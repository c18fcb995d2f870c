import type { MapInfo } from "../contract.gen";
import type { HeadWeights } from "../core/head-weights";
import { formatWeight } from "../core/numbers";
import { element } from "../dom/element";
import type { Cell } from "./grid-keys";
import type { Overviews } from "./overviews";
import { type Readout, word } from "./readout";

/** What the status line says of a thumbnail: its largest weight, and between which tokens if each has its own bin. */
export function readCell({ layer, head }: Cell, { shape, rows }: Overviews, info: MapInfo | undefined): Readout {
  const place = `layer ${layer}, head ${head}`;
  const row = shape?.rows.findIndex((one) => one.layer === layer) ?? -1;
  const column = shape?.rows[row]?.heads.indexOf(head) ?? -1;
  const weights = rows[row]?.[column];
  if (!weights || !info) return [place];
  const [query, key, largest] = largestOf(weights);
  const told = [place, "   largest weight ", element("b", {}, formatWeight(largest, weights.dtype))];
  const isWhole = weights.numQueries === info.query_tokens.length && weights.numKeys === info.key_tokens.length;
  const [from, to] = [info.query_tokens[query], info.key_tokens[key]];
  if (!isWhole || from === undefined || to === undefined || Number.isNaN(largest)) return told;
  return [...told, "   ", word(from), " → ", word(to)];
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
