import { type BlockKind, type MapInfo, OVERVIEW_BINS } from "../contract.gen";

/**
 * As what kind of block a source holds what is wanted: with few positions each bin of an overview is one weight, and
 * the blocks serve as overviews. `headscope.options.has_overviews` holds the kernel's side of this rule.
 */
export function heldAs(kind: BlockKind, { query_tokens, key_tokens }: MapInfo): BlockKind {
  return Math.max(query_tokens.length, key_tokens.length) > OVERVIEW_BINS ? kind : "block";
}
