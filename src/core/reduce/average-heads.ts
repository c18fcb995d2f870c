import type { Span } from "../look/viewport";
import type { HeadWeights } from "../weights/head-weights";
import { encodeWeights } from "../weights/head-weights";

/**
 * The mean or the sum of several heads, cell by cell. A cell is missing if it is missing in any head. Weights that were
 * rounded to a byte stay marked as such.
 */
export function averageHeads(heads: readonly HeadWeights[], how: "mean" | "sum"): HeadWeights {
  const [first] = heads;
  if (!first) throw new Error("There is no head to combine.");
  if (heads.length === 1) return first;
  const sums = new Float32Array(first.codes.length);
  for (const { codes, table } of heads) {
    for (let cell = 0; cell < sums.length; cell++) {
      sums[cell] = (sums[cell] as number) + (table[codes[cell] as number] as number);
    }
  }
  if (how === "mean") for (let cell = 0; cell < sums.length; cell++) sums[cell] = (sums[cell] as number) / heads.length;
  return { ...first, ...encodeWeights(sums, first.dtype) };
}

/** The largest weight between the given queries and keys; 0 where there is none. */
export function largestWeight({ codes, table, numKeys }: HeadWeights, queries: Span, keys: Span): number {
  let best = 0;
  for (let query = queries[0]; query < queries[1]; query++) {
    for (let cell = query * numKeys + keys[0]; cell < query * numKeys + keys[1]; cell++) {
      const weight = table[codes[cell] as number] as number;
      if (weight > best) best = weight;
    }
  }
  return best;
}
