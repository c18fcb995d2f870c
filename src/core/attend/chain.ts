import type { HeadVectors } from "../weights/vectors";

/** The steps from one query to its weights. Each array has one number per key. */
export interface Chain {
  /** The query's vector. */
  readonly query: Float32Array;
  readonly dots: Float64Array;
  readonly scaled: Float64Array;
  /** After the softcap; null in a layer without one. */
  readonly capped: Float64Array | null;
  /** The bias that is added; null in a layer without one. */
  readonly bias: Float32Array | null;
  /** 1 where the key is hidden; null in a layer that hides no key. */
  readonly hidden: Uint8Array | null;
  /** Minus infinity where the key is hidden. */
  readonly scores: Float64Array;
  readonly softmax: Float64Array;
  /** The sink's share of the softmax; null in a head without one. */
  readonly sinkShare: number | null;
  /** The largest |softmax - weights|; null where the exact weights are not known. */
  readonly difference: number | null;
}

/** Computes the chain of one query. Takes single-precision vectors and computes in double precision. */
export function chainOf(vectors: HeadVectors, query: number): Chain {
  const { rule, numKeys, headDim, keys } = vectors;
  const row = query - vectors.rows[0];
  const rowOf = <T extends Float32Array | Uint8Array>(of: T | null) =>
    (of?.subarray(row * numKeys, (row + 1) * numKeys) ?? null) as T | null;
  const q = vectors.queries.subarray(row * headDim, (row + 1) * headDim);
  const [bias, hidden, weights] = [rowOf(vectors.bias), rowOf(vectors.hidden), rowOf(vectors.weights)];
  const dots = Float64Array.from({ length: numKeys }, (_, key) => dot(q, keys, key * headDim));
  const scaled = dots.map((value) => value * rule.scaling);
  const { softcap } = rule;
  const capped = softcap === null ? null : scaled.map((value) => softcap * Math.tanh(value / softcap));
  const scores = (capped ?? scaled).map((value, key) =>
    hidden?.[key] ? Number.NEGATIVE_INFINITY : value + (bias?.[key] ?? 0),
  );
  const { softmax, sinkShare } = softmaxOf(scores, rule.sink);
  const difference = weights && largestDifference(softmax, weights);
  return { query: q, dots, scaled, capped, bias, hidden, scores, softmax, sinkShare, difference };
}

function dot(query: Float32Array, keys: Float32Array, start: number): number {
  let sum = 0;
  for (let at = 0; at < query.length; at++) sum += (query[at] as number) * (keys[start + at] as number);
  return sum;
}

/** Returns zeros for a query that sees no key. */
function softmaxOf(scores: Float64Array, sink: number | null): Pick<Chain, "softmax" | "sinkShare"> {
  const highest = scores.reduce((most, score) => Math.max(most, score), sink ?? Number.NEGATIVE_INFINITY);
  if (highest === Number.NEGATIVE_INFINITY)
    return { softmax: scores.map(() => 0), sinkShare: sink === null ? null : 0 };
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const ofSink = sink === null ? 0 : Math.exp(sink - highest);
  const total = exponentials.reduce((sum, one) => sum + one, ofSink);
  return { softmax: exponentials.map((one) => one / total), sinkShare: sink === null ? null : ofSink / total };
}

function largestDifference(softmax: Float64Array, weights: ArrayLike<number>): number {
  return softmax.reduce((most, value, key) => Math.max(most, Math.abs(value - (weights[key] as number))), 0);
}
