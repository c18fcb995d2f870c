import { type MapDescription, OVERVIEW_BINS } from "../src/contract.gen";
import { type HeadWeights, weightAt } from "../src/core/weights/head-weights";

/**
 * The capture from which sources answer: each head's queries and keys, one per row, causal; null for a layer that was
 * not kept.
 */
export interface SharedCapture {
  readonly maps: readonly MapDescription[];
  vectorsOf(map: string, layer: number, head: number): { queries: Float32Array; keys: Float32Array } | null;
}

export const HEAD_DIM = 4;
export const SCALING = 2;
const NOT_KEPT = "This layer was left out of the capture: name it in layers= to keep its queries and keys.";

function description(name: string, length: number): MapDescription {
  const tokens = Array.from({ length }, (_, position) => `${name} ${position}`);
  return {
    name,
    label: name,
    num_layers: 3,
    num_heads: [3, 2, 2],
    query_tokens: tokens,
    key_tokens: tokens,
    query_special: [],
    key_special: [],
    query_words: null,
    key_words: null,
    query_segments: [],
    key_segments: [],
    sentence_b_start: null,
    no_vectors: ["", "", NOT_KEPT],
  };
}

const LENGTHS: Readonly<Record<string, number>> = { short: 5, long: 70, wide: 270 };

/**
 * The capture for the tests of every source: a short map, one with overviews, and one of several tiles. Layer 2 was not
 * kept.
 */
export const CAPTURE: SharedCapture = {
  maps: Object.entries(LENGTHS).map(([name, length]) => description(name, length)),
  vectorsOf(map, layer, head) {
    if (layer === 2) return null;
    const length = lengthOf(map);
    const part = (seed: number) =>
      Float32Array.from({ length: length * HEAD_DIM }, (_, at) => Math.sin(1 + at * (seed + 2 * head + 5 * layer)));
    return { queries: part(1), keys: part(4) };
  },
};

/** The weights of a head by the plain causal formula, shape (queries, keys). */
export function weightsOf(map: string, layer: number, head: number): Float32Array {
  const length = lengthOf(map);
  const vectors = CAPTURE.vectorsOf(map, layer, head);
  const weights = new Float32Array(length * length).fill(vectors ? 0 : Number.NaN);
  if (!vectors) return weights;
  for (let query = 0; query < length; query++) {
    const scores = Array.from({ length: query + 1 }, (_, key) => SCALING * product(vectors, query, key));
    const highest = Math.max(...scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
    weights.set(
      scores.map((score) => Math.exp(score - highest) / total),
      query * length,
    );
  }
  return weights;
}

function product({ queries, keys }: { queries: Float32Array; keys: Float32Array }, query: number, key: number): number {
  let sum = 0;
  for (let at = 0; at < HEAD_DIM; at++) {
    sum += (queries[query * HEAD_DIM + at] as number) * (keys[key * HEAD_DIM + at] as number);
  }
  return sum;
}

/** The largest weight of each bin, shape (bins, bins). */
export function overviewOf(map: string, layer: number, head: number): Float32Array {
  const [weights, length] = [weightsOf(map, layer, head), lengthOf(map)];
  const bins = Math.min(length, OVERVIEW_BINS);
  const found = new Float32Array(bins * bins).fill(Number.NaN);
  const binOf = (position: number) => Math.floor(((position + 1) * bins - 1) / length);
  weights.forEach((weight, at) => {
    const bin = binOf(Math.floor(at / length)) * bins + binOf(at % length);
    if (!((found[bin] as number) > weight)) found[bin] = weight;
  });
  return found;
}

export function lengthOf(map: string): number {
  return LENGTHS[map] ?? 0;
}

/** The size of the weights, and the cells that are wrong by more than half precision; none if all are right. */
export function compare(found: HeadWeights | undefined, expected: Float32Array): unknown {
  if (!found) return "nothing";
  const wrong: string[] = [];
  for (let query = 0; query < found.numQueries; query++) {
    for (let key = 0; key < found.numKeys; key++) {
      const [is, was] = [weightAt(found, query, key), expected[query * found.numKeys + key] as number];
      const fits = Number.isNaN(was) ? Number.isNaN(is) : Math.abs(is - was) <= 2 ** -11 * was + 2 ** -24;
      if (!fits) wrong.push(`[${query}, ${key}] is ${is}, not ${was}`);
    }
  }
  return { size: found.numQueries * found.numKeys, wrong };
}

export const right = (expected: Float32Array) => ({ size: expected.length, wrong: [] });

/** Matches a message for users: a capital letter, several words and a full stop. */
export const SENTENCE = /^[A-Z][^\n]* [^\n]*[.)]$/;
