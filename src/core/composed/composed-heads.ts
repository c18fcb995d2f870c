import { type BlockRequest, type MapDescription, type MapPart, OVERVIEW_BINS } from "../../contract.gen";
import { encodeWeights, type HeadWeights } from "../weights/head-weights";

/** A head of one part of the picture: its weights, or its overview. */
export interface PartHead {
  readonly part: MapPart;
  readonly weights: HeadWeights;
}

/**
 * A head of the picture from those of its parts, in at most `bins` rows and columns. Weights are missing where nothing
 * connects, and where a part lacks the head.
 *
 * A bin holds the largest weight of what it covers. Where a part comes as an overview, each of its bins goes as a whole
 * to the bin of its middle, so weights may be off by half a bin.
 */
export function composedHead(
  { query_tokens: { length: size } }: Pick<MapDescription, "query_tokens">,
  heads: readonly PartHead[],
  bins = Number.POSITIVE_INFINITY,
): HeadWeights {
  const count = Math.min(size, bins);
  const found = new Float32Array(count * count).fill(Number.NaN);
  for (const { part, weights } of heads) {
    const rows = placesOf(part.queries, weights.numQueries, size, count);
    const columns = placesOf(part.keys, weights.numKeys, size, count);
    const { codes, table, numKeys } = weights;
    rows.forEach((row, query) => {
      columns.forEach((column, key) => {
        const at = row * count + column;
        const weight = table[codes[query * numKeys + key] as number] as number;
        const before = found[at] as number;
        // A number replaces a missing weight, and never the reverse.
        if (weight > before || Number.isNaN(before)) found[at] = weight;
      });
    });
  }
  const dtype = heads.find(({ weights }) => weights.dtype === "sqrt8")?.weights.dtype;
  return { numQueries: count, numKeys: count, ...encodeWeights(found, dtype) };
}

/** The bin in the picture of each of a part's rows or bins; bin b covers positions b * size / bins on. */
function placesOf([start = 0, stop = 0]: readonly number[], rows: number, size: number, bins: number): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const middle = start + Math.floor(((row + 0.5) * (stop - start)) / rows);
    return Math.floor(((middle + 1) * bins - 1) / size);
  });
}

/** The heads that each part has of some heads of a layer; without parts that have none. */
function partsWith(
  map: Pick<MapDescription, "parts">,
  layer: number,
  heads: readonly number[],
  describe: DescribeMap,
): readonly { readonly part: MapPart; readonly own: number[] }[] {
  return (map.parts ?? [])
    .map((part) => ({ part, own: heads.filter((head) => head < (describe(part.name).num_heads[layer] ?? 0)) }))
    .filter(({ own }) => own.length > 0);
}

type DescribeMap = (map: string) => Pick<MapDescription, "num_heads">;

/** Heads of the picture from heads that a source fetches from its parts. */
export async function fetchComposed(
  map: MapDescription,
  { kind, layer, heads }: BlockRequest,
  describe: DescribeMap,
  fetch: (request: BlockRequest) => Promise<readonly HeadWeights[]>,
): Promise<HeadWeights[]> {
  const found = await Promise.all(
    partsWith(map, layer, heads, describe).map(async ({ part, own }) => {
      const weights = await fetch({ kind, map: part.name, layer, heads: own });
      return new Map(own.map((head, at) => [head, { part, weights: weights[at] as HeadWeights }]));
    }),
  );
  const bins = kind === "overview" ? OVERVIEW_BINS : undefined;
  return heads.map((head) =>
    composedHead(
      map,
      found.flatMap((one) => one.get(head) ?? []),
      bins,
    ),
  );
}

/** A head of the picture from those of its parts, if `peek` has them all. */
export function peekComposed(
  map: MapDescription,
  layer: number,
  head: number,
  describe: DescribeMap,
  peek: (map: string) => HeadWeights | undefined,
): HeadWeights | undefined {
  const heads: PartHead[] = [];
  for (const { part } of partsWith(map, layer, [head], describe)) {
    const weights = peek(part.name);
    if (!weights) return undefined;
    heads.push({ part, weights });
  }
  return composedHead(map, heads);
}
