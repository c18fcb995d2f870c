import type { ExcerptRequest, MapDescription } from "../../contract.gen";
import type { HeadWeights } from "../weights/head-weights";
import { toRanges } from "./group-tokens";

/** The tokens of a trace: a query, a key, or both. */
export interface Traced {
  readonly query: number | null;
  readonly key: number | null;
  /** The keys that do not count if only a query is traced. */
  readonly ignored: readonly number[];
}

/** What a head has of a trace. */
export interface TracedHead {
  /** NaN if it is missing. */
  readonly weight: number;
  /** The key with this weight, if only a query is traced. */
  readonly key: number | null;
}

/** The first key and special tokens: most heads look at them from everywhere. `headscope.data.trace` has the same rule. */
export function usuallyLeftOut({ key_special }: MapDescription): readonly number[] {
  return [...new Set([0, ...key_special])].sort((a, b) => a - b);
}

/** The weights of a layer from which a trace is made: one for each head, or one row of each. */
export function traceRequest({ query, key }: Traced, map: MapDescription, layer: number): ExcerptRequest {
  return {
    map: map.name,
    layer,
    heads: Array.from({ length: map.num_heads[layer] ?? 0 }, (_, head) => head),
    queries: [query === null ? [0, map.query_tokens.length] : [query, query + 1]],
    keys: key === null ? map.key_tokens.map((_, one) => toRanges([one])) : [[key, key + 1]],
    without: [],
  };
}

/**
 * From the query to the key; from the query to the key with the largest weight, without those that are ignored; or the
 * mean of the key's weights over all queries.
 */
export function tracedHead({ codes, table }: HeadWeights, { key, ignored }: Traced): TracedHead {
  const weight = (at: number) => table[codes[at] as number] as number;
  if (key !== null) return { weight: weight(0), key: null };
  const isIgnored = new Set(ignored);
  let best: TracedHead = { weight: Number.NaN, key: null };
  for (let at = 0; at < codes.length; at++) {
    if (isIgnored.has(at) || Number.isNaN(weight(at))) continue;
    if (best.key === null || weight(at) > best.weight) best = { weight: weight(at), key: at };
  }
  return best;
}
