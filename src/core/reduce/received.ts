import type { Span } from "../look/viewport";
import type { HeadWeights } from "../weights/head-weights";

/** The weights that one query gives to each key, averaged over the heads; missing if any head's weight is missing. */
export function receivedFromQuery(heads: readonly HeadWeights[], query: number): Float32Array {
  const numKeys = heads[0]?.numKeys ?? 0;
  return Float32Array.from({ length: numKeys }, (_, key) => meanOf(heads, query * numKeys + key));
}

/** The weights that each query gives to one key, averaged over the heads. */
export function givenToKey(heads: readonly HeadWeights[], key: number): Float32Array {
  const { numQueries = 0, numKeys = 0 } = heads[0] ?? {};
  return Float32Array.from({ length: numQueries }, (_, query) => meanOf(heads, query * numKeys + key));
}

/**
 * The weight that each key receives: the mean over heads and the given queries of all weights that are not missing. A
 * row counts as the mean of `countOf(row)` queries.
 */
export function meanReceived(
  heads: readonly HeadWeights[],
  queries: Span,
  countOf: (row: number) => number = () => 1,
): Float32Array {
  const numKeys = heads[0]?.numKeys ?? 0;
  const sums = new Float64Array(numKeys);
  const counts = new Float64Array(numKeys);
  for (const { codes, table } of heads) {
    for (let query = queries[0]; query < queries[1]; query++) {
      const count = countOf(query);
      for (let key = 0; key < numKeys; key++) {
        const weight = table[codes[query * numKeys + key] as number] as number;
        if (Number.isNaN(weight)) continue;
        sums[key] = (sums[key] as number) + count * weight;
        counts[key] = (counts[key] as number) + count;
      }
    }
  }
  return Float32Array.from(sums, (sum, key) => sum / (counts[key] as number));
}

function meanOf(heads: readonly HeadWeights[], cell: number): number {
  let sum = 0;
  for (const { codes, table } of heads) sum += table[codes[cell] as number] as number;
  return sum / heads.length;
}
