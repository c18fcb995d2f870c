import type { Region } from "../composed/composed-map";
import type { HeadWeights } from "../weights/head-weights";
import { cropped } from "./cropped";
import { type Sight, sightOf } from "./sight";

/** A key is measured only if at least this part of the queries can see it; among few queries, large weights are usual. */
const WITNESSES = 0.25;

/**
 * The attention that each key gathers: the mean of its weights over heads and over the queries that see it, after
 * equation 4 of Gu et al. 2024 (https://arxiv.org/abs/2410.10781). NaN for keys that too few queries see.
 * `headscope.data.sinks` is the same rule in Python.
 */
export function gatheredShares(heads: readonly HeadWeights[], sight: Sight): Float64Array {
  const { numQueries = 0, numKeys = 0 } = heads[0] ?? {};
  const sums = new Float64Array(numKeys);
  const counts = new Float64Array(numKeys);
  for (const { codes, table } of heads) {
    for (let query = 0; query < numQueries; query++) {
      const stop = sight.stop[query] as number;
      for (let key = sight.first[query] as number; key < stop; key++) {
        const weight = table[codes[query * numKeys + key] as number] as number;
        if (Number.isNaN(weight)) continue;
        sums[key] = (sums[key] as number) + weight;
        counts[key] = (counts[key] as number) + 1;
      }
    }
  }
  const least = WITNESSES * numQueries * heads.length;
  return sums.map((sum, key) => ((counts[key] as number) >= least ? sum / (counts[key] as number) : Number.NaN));
}

/**
 * The same from the mean weights of each key: of the first query, and of all others. A map whose first query sees only
 * the first key is causal.
 */
export function sharesOfMeans(heads: readonly HeadWeights[], numQueries: number): Float64Array {
  const { numQueries: rows = 0, numKeys = 0 } = heads[0] ?? {};
  const weight = ({ codes, table }: HeadWeights, row: number, key: number) =>
    table[codes[row * numKeys + key] as number] as number;
  const isCausal =
    numQueries === numKeys &&
    numQueries > 1 &&
    heads.every((head) => head.codes.subarray(1, numKeys).every((code) => (head.table[code] as number) <= 0));
  return Float64Array.from({ length: numKeys }, (_, key) => {
    const seen = isCausal ? numQueries - key : numQueries;
    if (seen < WITNESSES * numQueries) return Number.NaN;
    const sums = heads.map((head) => weight(head, 0, key) + (rows > 1 ? (numQueries - 1) * weight(head, 1, key) : 0));
    return sums.reduce((sum, one) => sum + one, 0) / heads.length / seen;
  });
}

/**
 * What each key gathers in the picture of all: the most that it gathers in one of its maps, because each has softmaxes
 * of its own.
 */
function sharesInRegions(heads: readonly HeadWeights[], regions: readonly Region[]): Float64Array {
  const found = regions.map((region) => {
    const queries = [...region.queries] as [number, number];
    const own = heads.map((head) => cropped(head, { queries, keys: [...region.keys] }));
    const there = own.filter(({ codes, table }) => codes.some((code) => !Number.isNaN(table[code])));
    return { keyAt: region.keys[0], shares: gatheredShares(there, sightOf(there)) };
  });
  return joinedShares(found, heads[0]?.numKeys ?? 0);
}

/** The largest share of each of `count` keys, of which maps have those from `keyAt` on; NaN if none was measured. */
export function joinedShares(
  found: readonly { readonly keyAt: number; readonly shares: Float64Array }[],
  count: number,
): Float64Array {
  const joined = new Float64Array(count).fill(Number.NaN);
  for (const { keyAt, shares } of found) {
    shares.forEach((share, key) => {
      const before = joined[keyAt + key] as number;
      if (share > before || Number.isNaN(before)) joined[keyAt + key] = share;
    });
  }
  return joined;
}

/** What each key gathers, from whole heads; `regions` are those of the picture of all. */
export function sharesOf(
  heads: readonly HeadWeights[],
  regions: readonly Region[] | undefined,
  sight = sightOf(heads, regions),
): Float64Array {
  return regions ? sharesInRegions(heads, regions) : gatheredShares(heads, sight);
}

/** The keys that gather more than a share of the attention. */
export function sinksOf(
  heads: readonly HeadWeights[],
  sight: Sight,
  share: number,
  regions?: readonly Region[],
): number[] {
  const shares = sharesOf(heads, regions, sight);
  return [...shares.keys()].filter((key) => (shares[key] as number) > share);
}

/** The largest weight beside some keys; that of all keys if the others have none. */
export function largestBeside({ codes, table, numKeys }: HeadWeights, keys: readonly number[]): number {
  const isLeftOut = new Uint8Array(numKeys);
  for (const key of keys) isLeftOut[key] = 1;
  let [all, others] = [0, 0];
  for (let cell = 0, key = 0; cell < codes.length; cell++, key = key + 1 === numKeys ? 0 : key + 1) {
    const weight = table[codes[cell] as number] as number;
    if (weight > all) all = weight;
    if (weight > others && !isLeftOut[key]) others = weight;
  }
  return others || all;
}
