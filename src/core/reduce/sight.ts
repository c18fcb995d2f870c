import type { Region } from "../composed/composed-map";
import type { BinRectangle } from "../tiles/tile-plan";
import type { HeadWeights } from "../weights/head-weights";
import type { Grouping } from "./axis";

/**
 * The cells that a mask leaves open: for each query those of the keys from `first` up to `stop` that `keys` marks with 1.
 */
export interface Sight {
  readonly first: Int32Array;
  readonly stop: Int32Array;
  readonly keys: Uint8Array;
}

/** Where weights lie: between two diagonals, both included, of the marked queries and keys. */
interface Band {
  readonly low: number;
  readonly high: number;
  readonly queries: Uint8Array;
  readonly keys: Uint8Array;
}

/**
 * What the heads of a layer can see, as far as their weights tell: in each region, everything between the lowest and the
 * highest diagonal that hold any weight, except queries and keys without any. A missing weight counts as one. The whole
 * is one region, unless it is composed of several maps.
 */
export function sightOf(heads: readonly HeadWeights[], regions: readonly Region[] = [wholeOf(heads)]): Sight {
  const { numQueries = 0, numKeys = 0 } = heads[0] ?? {};
  const sight = { first: new Int32Array(numQueries), stop: new Int32Array(numQueries), keys: new Uint8Array(numKeys) };
  for (const region of regions) {
    const { low, high, queries, keys } = bandOf(heads, region);
    for (let query = region.queries[0]; query < region.queries[1]; query++) {
      if (queries[query]) open(sight, query, region.keys, [query + low, query + high + 1]);
    }
    for (let key = region.keys[0]; key < region.keys[1]; key++) if (keys[key]) sight.keys[key] = 1;
  }
  return sight;
}

function wholeOf(heads: readonly HeadWeights[]): Region {
  const { numQueries = 0, numKeys = 0 } = heads[0] ?? {};
  return { queries: [0, numQueries], keys: [0, numKeys] };
}

/** Opens keys of a region to a query, from the first up to the second of `keys`. */
function open(
  { first, stop }: Sight,
  query: number,
  [from, to]: Region["keys"],
  keys: readonly [number, number],
): void {
  const [start, end] = keys.map((key) => Math.max(from, Math.min(to, key))) as [number, number];
  if (start >= end) return;
  const isOpen = (first[query] as number) < (stop[query] as number);
  first[query] = isOpen ? Math.min(first[query] as number, start) : start;
  stop[query] = isOpen ? Math.max(stop[query] as number, end) : end;
}

function bandOf(heads: readonly HeadWeights[], region: Region): Band {
  const { numQueries = 0, numKeys = 0 } = heads[0] ?? {};
  const queries = new Uint8Array(numQueries);
  const keys = new Uint8Array(numKeys);
  let [low, high] = [numKeys, -numQueries];
  for (const { codes, table } of heads) {
    for (let query = region.queries[0]; query < region.queries[1]; query++) {
      const row = query * numKeys;
      for (let key = region.keys[0]; key < region.keys[1]; key++) {
        const weight = table[codes[row + key] as number] as number;
        if (weight <= 0) continue;
        if (key - query < low) low = key - query;
        if (key - query > high) high = key - query;
        keys[key] = 1;
        queries[query] = 1;
      }
    }
  }
  return { low, high, queries, keys };
}

/** What groups of tokens see: each what any of its tokens sees. */
export function groupedSight(sight: Sight, queries: Grouping, keys: Grouping): Sight {
  const { before, after } = neighbours(keys);
  const first = new Int32Array(queries.groups.length);
  const stop = new Int32Array(queries.groups.length);
  queries.groups.forEach((group, row) => {
    const open = group.filter((query) => (sight.first[query] as number) < (sight.stop[query] as number));
    const [from, to] = [
      Math.min(...open.map((query) => sight.first[query] as number)),
      Math.max(...open.map((query) => sight.stop[query] as number)),
    ];
    if (open.length === 0) return;
    first[row] = after[from] as number;
    stop[row] = Math.max(first[row] as number, (before[to] as number) + 1);
  });
  const isOpen = (key: number) => sight.keys[key] === 1;
  return { first, stop, keys: Uint8Array.from(keys.groups, (group) => Number(group.some(isOpen))) };
}

/** The last row that begins before each position, and the first row that ends at or after it. */
function neighbours({ groups, shownAt }: Grouping): { readonly before: Int32Array; readonly after: Int32Array } {
  const size = shownAt.length;
  const before = new Int32Array(size + 1).fill(-1);
  const after = new Int32Array(size + 1).fill(groups.length);
  for (let at = 0; at < size; at++) {
    const row = shownAt[at] as number;
    before[at + 1] = row < 0 ? (before[at] as number) : row;
  }
  for (let at = size - 1; at >= 0; at--) {
    const row = shownAt[at] as number;
    after[at] = row < 0 ? (after[at + 1] as number) : row;
  }
  return { before, after };
}

/**
 * What the bins of a rectangle see, known from tiles of level `top` that each cover a whole head. A region that is blank
 * above the diagonal of these tiles is taken for a causal one. `regions` are in positions; a bin that several share
 * belongs to the first.
 */
export function sightOfBins(
  whole: readonly HeadWeights[],
  top: number,
  bins: BinRectangle,
  regions?: readonly Region[],
): Sight {
  const [[start, end], [firstKey, lastKey]] = [bins.queries, bins.keys];
  const [height, width] = [Math.max(0, end - start), Math.max(0, lastKey - firstKey)];
  const sight = { first: new Int32Array(height), stop: new Int32Array(height), keys: new Uint8Array(width) };
  const coarser = top - bins.level;
  for (const region of regions?.map((one) => inBins(one, top)) ?? [wholeOf(whole)]) {
    const { low, high, queries, keys } = bandOf(whole, region);
    const [from, to] = region.keys;
    const isCausal = high === 0 && region.queries.join() === region.keys.join();
    const shown: Region["keys"] = [clamped(from << coarser), clamped(to << coarser)];
    for (let query = start; query < end; query++) {
      const above = query >> coarser;
      if (above < region.queries[0] || above >= region.queries[1] || !queries[above]) continue;
      const stop = isCausal ? query + 1 : (above + high + 1) << coarser;
      open(sight, query - start, shown, [((above + low) << coarser) - firstKey, stop - firstKey]);
    }
    for (let at = 0; at < width; at++) {
      const above = (firstKey + at) >> coarser;
      if (above >= from && above < to && keys[above]) sight.keys[at] = 1;
    }
  }
  return sight;

  function clamped(key: number): number {
    return Math.max(0, Math.min(width, key - firstKey));
  }
}

function inBins(region: Region, level: number): Region {
  return scaledRegion(region, 2 ** -level, 2 ** -level);
}

/** The same region in bins; a bin that several regions share belongs to the first. */
export function scaledRegion({ queries, keys }: Region, perQuery: number, perKey: number): Region {
  const bins = ([start, stop]: readonly [number, number], scale: number) =>
    [Math.ceil(start * scale), Math.ceil(stop * scale)] as const;
  return { queries: bins(queries, perQuery), keys: bins(keys, perKey) };
}

/** Whether no query gives weight to a later key. */
export function isCausal(heads: readonly HeadWeights[]): boolean {
  const { numQueries = 0, numKeys = 0 } = heads[0] ?? {};
  return numQueries === numKeys && numKeys > 1 && bandOf(heads, wholeOf(heads)).high <= 0;
}

/** Whether a mask closes any cell. */
export function hasMask({ first, stop, keys }: Sight): boolean {
  return first.some((from) => from > 0) || stop.some((to) => to < keys.length) || keys.includes(0);
}
