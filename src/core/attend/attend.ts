import { addBias, type Bias } from "./bias";
import { dots } from "./dots";
import { hide, spanOf, type Visible } from "./visible-keys";
import type { WeightRows } from "./weight-rows";

/** The queries and keys of a head, and the rules that turn them into weights. */
export interface HeadInputs {
  readonly numQueries: number;
  readonly numKeys: number;
  readonly headDim: number;
  /** Shape (numQueries, headDim). */
  readonly queries: Float32Array;
  /** Shape (numKeys, headDim). */
  readonly keys: Float32Array;
  readonly scaling: number;
  readonly softcap: number | null;
  readonly sink: number | null;
  readonly visible: Visible | null;
  readonly biases: readonly Bias[];
}

/** Marks the norm of a query as not yet known. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** Norms, all still unknown. */
export function noNorms(numQueries: number): Float64Array {
  return new Float64Array(numQueries).fill(UNKNOWN);
}

/**
 * Computes the weights of a head from its queries and keys as `docs/file-format.md` defines them.
 * `headscope.tracing.qk.compute` is the same in Python. Takes single-precision vectors and computes in double
 * precision.
 */
export class AttendedRows implements WeightRows {
  readonly #head: HeadInputs;
  /**
   * For each query, the logarithm of the sum of exp(score) over its keys. Once it is known, a few weights of the query
   * cost only their own scores.
   */
  readonly #norms: Float64Array;
  /** Scratch space for the scores of four queries. */
  readonly #scores: readonly Float64Array[];

  constructor(head: HeadInputs, norms: Float64Array = noNorms(head.numQueries)) {
    this.#head = head;
    this.#norms = norms;
    this.#scores = Array.from({ length: Math.min(4, head.numQueries) }, () => new Float64Array(head.numKeys));
  }

  get numQueries(): number {
    return this.#head.numQueries;
  }

  get numKeys(): number {
    return this.#head.numKeys;
  }

  get cost(): number {
    return this.#head.headDim;
  }

  seen(start: number, stop: number): readonly [number, number] {
    const { visible, numKeys } = this.#head;
    return visible ? spanOf(visible, start, stop) : [0, numKeys];
  }

  isDivisible(start: number, stop: number): boolean {
    for (let query = start; query < stop; query++) if (this.#norms[query] === UNKNOWN) return false;
    return true;
  }

  write(start: number, stop: number, into: Float32Array, low = 0, high = this.numKeys): void {
    const { headDim, queries, keys } = this.#head;
    const width = high - low;
    into.fill(0, 0, (stop - start) * width);
    for (let first = start; first < stop; first += 4) {
      const last = Math.min(first + 4, stop);
      // Causal queries end at the diagonal. Keys that none of the four sees keep a weight of zero.
      const seen = this.seen(first, last);
      const [from, to] = this.isDivisible(first, last) ? within(seen, low, high) : seen;
      dots(queries, first, last - first, keys, from, to, headDim, this.#scores);
      for (let query = first; query < last; query++) {
        const [own, end] = within(this.seen(query, query + 1), from, to);
        const scores = (this.#scores[query - first] as Float64Array).subarray(own - from, end - from);
        const [left, right] = within([own, end], low, high);
        const offset = (query - start) * width - low;
        finishScores(this.#head, query, own, end, scores);
        this.#weigh(query, scores, left - own, into.subarray(offset + left, offset + right));
      }
    }
  }

  /**
   * Writes the weights of a query from its scores, starting with score `skip`. A NaN among the scores makes all weights
   * NaN.
   */
  #weigh(query: number, scores: Float64Array, skip: number, into: Float32Array): void {
    const norm = this.#norms[query] as number;
    if (norm === UNKNOWN) {
      this.#norms[query] = softmax(scores, this.#head.sink);
      for (let at = 0; at < into.length; at++) into[at] = scores[skip + at] as number;
    } else {
      for (let at = 0; at < into.length; at++) into[at] = Math.exp((scores[skip + at] as number) - norm);
    }
  }
}

/** The intersection of two intervals; if they do not meet, an empty interval inside the second. */
function within([start, stop]: readonly [number, number], low: number, high: number): [number, number] {
  const first = Math.min(high, Math.max(low, start));
  return [first, Math.max(first, Math.min(high, stop))];
}

/** Turns dot products into scores, in place. */
function finishScores(head: HeadInputs, query: number, low: number, high: number, scores: Float64Array): void {
  const { scaling, softcap, biases, visible } = head;
  const count = high - low;
  for (let at = 0; at < count; at++) (scores[at] as number) *= scaling;
  if (softcap !== null) {
    for (let at = 0; at < count; at++) scores[at] = softcap * Math.tanh((scores[at] as number) / softcap);
  }
  for (const bias of biases) addBias(bias, query, low, high, scores);
  if (visible) hide(visible, query, low, high, scores);
}

/**
 * Turns the scores of a row into weights, in place, and returns the row's norm. A row that sees nothing gets weights of
 * zero.
 */
function softmax(scores: Float64Array, sink: number | null): number {
  let highest = sink ?? -Infinity;
  for (let at = 0; at < scores.length; at++) if ((scores[at] as number) > highest) highest = scores[at] as number;
  if (highest === -Infinity) highest = 0;
  let total = sink === null ? 0 : Math.exp(sink - highest);
  for (let at = 0; at < scores.length; at++) {
    const exponential = Math.exp((scores[at] as number) - highest);
    scores[at] = exponential;
    total += exponential;
  }
  if (total === 0) total = 1;
  for (let at = 0; at < scores.length; at++) (scores[at] as number) /= total;
  return highest + Math.log(total);
}
