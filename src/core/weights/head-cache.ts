import type { BlockKind, ExcerptRequest } from "../../contract.gen";
import type { HeadWeights } from "./head-weights";
import { ByteLru } from "./lru";

/** The most recently used weights of heads, excerpts and tiles. */
export type HeadCache = ByteLru<HeadWeights>;

/** Counts whole buffers, because heads are views of the buffers in which they came. */
export function headCache(maxBytes: number): HeadCache {
  return new ByteLru(maxBytes, ({ codes }) => [codes.buffer]);
}

/** The key of one head's weights in a cache. */
export function cacheKey(kind: BlockKind, map: string, layer: number, head: number): string {
  return JSON.stringify([kind, map, layer, head]);
}

/** The key of each head of an excerpt in a cache. */
export function excerptKeys({ map, layer, queries, keys, without }: ExcerptRequest): (head: number) => string {
  const groups = JSON.stringify([queries, keys, without]);
  return (head) => JSON.stringify(["excerpt", map, layer, head, groups]);
}
