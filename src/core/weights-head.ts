import { addBias, type Bias } from "./rules-bias";
import { hide, spanOf, type Visible } from "./rules-visible";
import { dots } from "./weights-dots";
import type { WeightRows } from "./weights-rows";

/** A head's queries and keys, and what makes weights of them. */
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

/**
 * The weights of a head from its queries and keys: `headscope.capture.compute` in this language, as
 * `docs/file-format.md` defines them. From single-precision vectors, in double precision.
 */
export class AttendedRows implements WeightRows {
  readonly #head: HeadInputs;
  /** The scores of four queries. */
  readonly #scores: readonly Float64Array[];

  constructor(head: HeadInputs) {
    this.#head = head;
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

  write(start: number, stop: number, into: Float32Array): void {
    const { numKeys, headDim, queries, keys, visible } = this.#head;
    into.fill(0, 0, (stop - start) * numKeys);
    for (let first = start; first < stop; first += 4) {
      const count = Math.min(4, stop - first);
      // Causal queries end at the diagonal: what none of the four sees stays zero.
      const [low, high] = visible ? spanOf(visible, first, first + count) : [0, numKeys];
      if (low === high) continue;
      dots(queries, first, count, keys, low, high, headDim, this.#scores);
      for (let row = 0; row < count; row++) {
        const scores = this.#scores[row] as Float64Array;
        finishScores(this.#head, first + row, low, high, scores);
        const offset = (first + row - start) * numKeys;
        softmax(scores, high - low, this.#head.sink, into.subarray(offset + low, offset + high));
      }
    }
  }
}

/** Makes scores of dot products, in place. */
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

/** Writes the weights of a row. A row that sees nothing has weights of zero; one with a score of NaN is all NaN. */
function softmax(scores: Float64Array, count: number, sink: number | null, into: Float32Array): void {
  let highest = sink ?? -Infinity;
  for (let at = 0; at < count; at++) if ((scores[at] as number) > highest) highest = scores[at] as number;
  if (highest === -Infinity) highest = 0;
  let total = sink === null ? 0 : Math.exp(sink - highest);
  for (let at = 0; at < count; at++) {
    const exponential = Math.exp((scores[at] as number) - highest);
    scores[at] = exponential;
    total += exponential;
  }
  const scale = total === 0 ? 1 : 1 / total;
  for (let at = 0; at < count; at++) into[at] = (scores[at] as number) * scale;
}
