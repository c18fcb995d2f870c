import { type BlockKind, LONG_TOKENS, type MapDescription, OVERVIEW_BINS } from "../../contract.gen";

/** Whether a map has too many tokens for a whole head to be sent. */
export function isLong({ query_tokens, key_tokens }: Pick<MapDescription, "query_tokens" | "key_tokens">): boolean {
  return Math.max(query_tokens.length, key_tokens.length) > LONG_TOKENS;
}

/**
 * The kind under which a source stores a request's weights. If there are so few positions that each bin of an overview
 * is one weight, blocks serve as overviews. `has_overviews` in `headscope.data.attention_map` is the same rule in
 * Python.
 */
export function storedKind(kind: BlockKind, { query_tokens, key_tokens }: MapDescription): BlockKind {
  return Math.max(query_tokens.length, key_tokens.length) > OVERVIEW_BINS ? kind : "block";
}
