import { LONG_TOKENS, type MapInfo } from "../contract.gen";

/** Whether a map has too many tokens for a head to be sent whole. */
export function isLong({ query_tokens, key_tokens }: Pick<MapInfo, "query_tokens" | "key_tokens">): boolean {
  return Math.max(query_tokens.length, key_tokens.length) > LONG_TOKENS;
}
