import type { MapInfo } from "../contract.gen";
import { weightAt } from "../core/head-weights";
import { formatWeight } from "../core/numbers";
import { element } from "../dom/element";
import { type Readout, readTokens, word } from "./readout";
import type { TextPane } from "./text-pane";

/** What the status line says of the tokens that are pointed at or pinned: of a pair, the mean over the heads. */
export function readText(pane: TextPane, info: MapInfo | undefined): Readout {
  const { query, key } = pane.focus.value.tokens;
  const heads = pane.heads.value;
  const [from, to] = [info?.query_tokens[query ?? -1], info?.key_tokens[key ?? -1]];
  if (query === null || key === null || from === undefined || to === undefined || heads.length < 2) {
    return readTokens(pane, info);
  }
  const mean = heads.reduce((sum, { weights }) => sum + weightAt(weights, query, key), 0) / heads.length;
  const number = element("b", {}, formatWeight(mean, heads[0]?.weights.dtype));
  return [word(from), " → ", word(to), `   layer ${pane.layer.value}, mean of ${heads.length} heads   `, number];
}
