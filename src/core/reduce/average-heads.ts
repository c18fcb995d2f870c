import type { Span } from "../look/viewport";
import type { HeadWeights } from "../weights/head-weights";
import { encodeWeights } from "../weights/head-weights";

/**
 * The mean or the sum of several heads, cell by cell. A cell is missing if it is missing in any head; in the picture of
 * all, whose maps may have different numbers of heads, if it is missing in every head. Weights that were rounded to a
 * byte stay marked as such.
 */
export function averageHeads(heads: readonly HeadWeights[], how: "mean" | "sum", isComposed = false): HeadWeights {
  const [first] = heads;
  if (!first) throw new Error("There is no head to combine.");
  if (heads.length === 1) return first;
  if (isComposed) return averageThere(heads, how);
  const sums = new Float32Array(first.codes.length);
  for (const { codes, table } of heads) {
    for (let cell = 0; cell < sums.length; cell++) {
      sums[cell] = (sums[cell] as number) + (table[codes[cell] as number] as number);
    }
  }
  if (how === "mean") for (let cell = 0; cell < sums.length; cell++) sums[cell] = (sums[cell] as number) / heads.length;
  return { ...first, ...encodeWeights(sums, first.dtype) };
}

/** The same over the heads in which a cell is not missing. */
function averageThere(heads: readonly HeadWeights[], how: "mean" | "sum"): HeadWeights {
  const [first] = heads as [HeadWeights];
  const found = Float32Array.from(first.codes, (_, cell) => {
    const there = heads.map(({ codes, table }) => table[codes[cell] as number] as number).filter((one) => one >= 0);
    const sum = there.reduce((total, one) => total + one, 0);
    return there.length === 0 ? Number.NaN : how === "sum" ? sum : sum / there.length;
  });
  return { ...first, ...encodeWeights(found, first.dtype) };
}

/** The largest weight between the given queries and keys, except some keys; 0 where there is none. */
export function largestWeight(
  { codes, table, numKeys }: HeadWeights,
  queries: Span,
  keys: Span,
  without: readonly number[] = [],
): number {
  const isLeftOut = new Uint8Array(numKeys);
  for (const key of without) isLeftOut[key] = 1;
  let best = 0;
  for (let query = queries[0]; query < queries[1]; query++) {
    for (let key = keys[0], cell = query * numKeys + key; key < keys[1]; key++, cell++) {
      const weight = table[codes[cell] as number] as number;
      if (weight > best && !isLeftOut[key]) best = weight;
    }
  }
  return best;
}
