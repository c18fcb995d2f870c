import type { HeadWeights } from "./head-weights";
import type { Span } from "./viewport";

/** What each key is given by one query: the mean over the heads, missing where a head's weight is. */
export function shadesOfQuery(heads: readonly HeadWeights[], query: number): Float32Array {
  const numKeys = heads[0]?.numKeys ?? 0;
  return Float32Array.from({ length: numKeys }, (_, key) => meanOf(heads, query * numKeys + key));
}

/** What each query gives to one key: the mean over the heads. */
export function shadesOfKey(heads: readonly HeadWeights[], key: number): Float32Array {
  const { numQueries = 0, numKeys = 0 } = heads[0] ?? {};
  return Float32Array.from({ length: numQueries }, (_, query) => meanOf(heads, query * numKeys + key));
}

/**
 * What each key receives: the mean over heads and the given queries, of the weights that are not missing. `countOf` says
 * how many queries a row is the mean of.
 */
export function shadesReceived(
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
