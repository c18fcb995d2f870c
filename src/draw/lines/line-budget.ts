import type { HeadWeights } from "../../core/weights/head-weights";
import type { ShownPositions } from "./edges";

/** How much work a picture is worth. */
export interface Effort {
  /** All lines are drawn one by one if their number times the width in pixels is at most this. */
  readonly all: number;
  /** Otherwise, the lines that are visible on their own are, up to this limit. */
  readonly most: number;
  /** The most bundles for the other lines. */
  readonly haze: number;
}

/** A line with a lower opacity than this is invisible on its own. */
const VISIBLE = 1 / 512;

/** The buckets of the histogram: a float's exponent and the first three bits of its fraction, so eight per octave. */
const BUCKET_SHIFT = 20;
const BUCKETS = 1 << 11;

export interface Split {
  /** Lines with at least this weight are drawn one by one; 0 for all. */
  readonly threshold: number;
  /** The number of these lines per head. */
  readonly counts: readonly number[];
}

/** Decides which lines are drawn one by one: all, or the strongest that the effort allows. */
export function splitByWeight(
  heads: readonly HeadWeights[],
  shown: ShownPositions,
  opacity: number,
  width: number,
  effort: Effort,
): Split {
  const histograms = heads.map((weights) => histogram(weights, shown));
  const first = firstBucket(histograms, opacity, width, effort);
  return {
    threshold: first === 0 ? 0 : bucketStart(first),
    counts: histograms.map((counts) => countFrom(counts, first)),
  };
}

function firstBucket(histograms: readonly Uint32Array[], opacity: number, width: number, effort: Effort): number {
  const cost = (bucket: number) => width * histograms.reduce((sum, counts) => sum + countFrom(counts, bucket), 0);
  if (cost(0) <= effort.all) return 0;
  let low = Math.min(BUCKETS - 1, bucketOf(VISIBLE / opacity));
  let high = BUCKETS;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cost(middle) <= effort.most) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The number of positive weights in each bucket. */
function histogram({ codes, table, numKeys }: HeadWeights, shown: ShownPositions): Uint32Array {
  // The bits of positive floats sort like the floats, and a sign bit makes them negative integers.
  const bits = new Int32Array(table.buffer, table.byteOffset, table.length);
  const counts = new Uint32Array(BUCKETS);
  for (const query of shown.queries) {
    const row = query * numKeys;
    for (let position = 0; position < shown.keys.length; position++) {
      const value = bits[codes[row + (shown.keys[position] as number)] as number] as number;
      if (value > 0 && value < 0x7f800000)
        counts[value >> BUCKET_SHIFT] = (counts[value >> BUCKET_SHIFT] as number) + 1;
    }
  }
  return counts;
}

function bucketOf(weight: number): number {
  return (new Int32Array(new Float32Array([weight]).buffer)[0] as number) >> BUCKET_SHIFT;
}

function bucketStart(bucket: number): number {
  return new Float32Array(new Int32Array([bucket << BUCKET_SHIFT]).buffer)[0] as number;
}

function countFrom(counts: Uint32Array, bucket: number): number {
  let total = 0;
  for (let index = bucket; index < counts.length; index++) total += counts[index] as number;
  return total;
}
