import type { MapInfo } from "../contract.gen";
import { element } from "../dom/element";
import { type Readout, word } from "./readout";
import type { TextPane } from "./text-pane";

/** What the status line says of a token all of whose weights are missing; null of any other, and of a pair. */
export function readMissing(pane: TextPane, info: MapInfo | undefined): Readout | null {
  const { origin, shown } = pane.shading.value;
  const { query, key } = pane.focus.value.tokens;
  const heads = pane.heads.value;
  const isPair = query !== null && key !== null;
  if (!origin || !info || isPair || shown.length === 0 || !shown.every(Number.isNaN)) return null;
  const isQuery = origin.side === "query";
  const token = (isQuery ? info.query_tokens : info.key_tokens)[origin.position] ?? "";
  const whose = heads.length === 1 ? `head ${heads[0]?.head}` : `mean of ${heads.length} heads`;
  const place = `   layer ${pane.layer.value}, ${whose}`;
  return [word(token), isQuery ? " → " : " ← ", element("b", {}, "missing"), place];
}
