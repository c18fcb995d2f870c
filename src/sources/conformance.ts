import { describe, expect, it } from "vitest";
import { type MapInfo, OVERVIEW_BINS } from "../contract.gen";
import { type HeadWeights, weightAt } from "../core/head-weights";
import type { Source } from "../core/source";
import { chainOf } from "../core/vectors-chain";

/** What a source is to answer from: a head's queries and keys, one row each, causal; null for a layer not kept. */
export interface SharedCapture {
  readonly maps: readonly MapInfo[];
  vectorsOf(map: string, layer: number, head: number): { queries: Float32Array; keys: Float32Array } | null;
}

export const HEAD_DIM = 4;
export const SCALING = 2;
const NOT_KEPT = "This layer was left out of the capture: name it in layers= to keep its queries and keys.";

function info(name: string, length: number): MapInfo {
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

/** The capture that every source is tested with: a short map, and one that has overviews; layer 2 was not kept. */
export const CAPTURE: SharedCapture = {
  maps: [info("short", 5), info("long", 70)],
  vectorsOf(map, layer, head) {
    if (layer === 2) return null;
    const length = map === "short" ? 5 : 70;
    const part = (seed: number) =>
      Float32Array.from({ length: length * HEAD_DIM }, (_, at) => Math.sin(1 + at * (seed + 2 * head + 5 * layer)));
    return { queries: part(1), keys: part(4) };
  },
};

/** The weights of a head, shape (queries, keys): the plain formula, causal. */
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
  return CAPTURE.maps.find(({ name }) => name === map)?.query_tokens.length ?? 0;
}

/** The sizes of the weights and where they are wrong by more than half precision; no numbers where all is right. */
function compare(found: HeadWeights | undefined, expected: Float32Array): unknown {
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

const right = (expected: Float32Array) => ({ size: expected.length, wrong: [] });
const never = new AbortController().signal;
const block = (map: string, layer: number, heads: number[]) => ({ kind: "block" as const, map, layer, heads });
const overview = (map: string, layer: number, heads: number[]) => ({ kind: "overview" as const, map, layer, heads });

/** A sentence for people: it begins with a capital letter, goes on for some words and ends. */
const SENTENCE = /^[A-Z][^\n]* [^\n]*[.)]$/;

/** What every source does. `open` makes a new one of `CAPTURE`. */
export function describeSource(name: string, open: () => Promise<Source>): void {
  describe(`${name}, as every source`, () => {
    it("has nothing before it was asked, and keeps what it was asked for", async () => {
      const source = await open();
      expect(source.peek("block", "short", 0, 1)).toBeUndefined();
      const [head] = await source.fetch(block("short", 0, [1]), never);
      expect(source.peek("block", "short", 0, 1)).toBe(head);
      expect(await source.fetch(block("short", 0, [1]), never)).toEqual([head]);
    });

    it.each([
      ["short", 0],
      ["short", 1],
      ["long", 1],
    ])("gives the weights of %s, layer %i, in the order of the request", async (map, layer) => {
      const source = await open();
      const heads = await source.fetch(block(map, layer, [1, 0]), never);
      expect(heads).toHaveLength(2);
      expect(compare(heads[0], weightsOf(map, layer, 1))).toEqual(right(weightsOf(map, layer, 1)));
      expect(compare(heads[1], weightsOf(map, layer, 0))).toEqual(right(weightsOf(map, layer, 0)));
    });

    it("says that the weights of a layer are missing which was not kept", async () => {
      const source = await open();
      for (const map of ["short", "long"]) {
        const [head] = await source.fetch(block(map, 2, [1]), never);
        expect(compare(head, weightsOf(map, 2, 1))).toEqual(right(weightsOf(map, 2, 1)));
        const [pooled] = await source.fetch(overview(map, 2, [1]), never);
        expect(compare(pooled, overviewOf(map, 2, 1))).toEqual(right(overviewOf(map, 2, 1)));
      }
    });

    it("gives overviews of a long map, and the weights themselves of a short one", async () => {
      const source = await open();
      const [long] = await source.fetch(overview("long", 0, [2]), never);
      expect(compare(long, overviewOf("long", 0, 2))).toEqual(right(overviewOf("long", 0, 2)));
      expect(source.peek("overview", "long", 0, 2)).toBe(long);
      expect(source.peek("block", "long", 0, 2)).toBeUndefined();
      const [short] = await source.fetch(overview("short", 0, [2]), never);
      expect(source.peek("block", "short", 0, 2)).toBe(short);
    });

    it("answers several who ask at once, each what it asked for", async () => {
      const source = await open();
      const [one, two, three] = await Promise.all([
        source.fetch(block("short", 0, [0, 1]), never),
        source.fetch(block("short", 0, [1, 2]), never),
        source.fetch(block("short", 1, [0]), never),
      ]);
      expect(compare(one[1], weightsOf("short", 0, 1))).toEqual(right(weightsOf("short", 0, 1)));
      expect(compare(two[1], weightsOf("short", 0, 2))).toEqual(right(weightsOf("short", 0, 2)));
      expect(compare(three[0], weightsOf("short", 1, 0))).toEqual(right(weightsOf("short", 1, 0)));
      expect(await source.fetch(block("short", 0, []), never)).toEqual([]);
    });

    it("gives the vectors that the weights come from", async () => {
      const source = await open();
      const vectors = await source.vectors({ map: "short", layer: 1, head: 1, queries: [1, 4] }, never);
      expect(vectors).toMatchObject({ rows: [1, 4], numKeys: 5, headDim: HEAD_DIM });
      const { queries, keys } = CAPTURE.vectorsOf("short", 1, 1) as { queries: Float32Array; keys: Float32Array };
      expect([...vectors.queries]).toEqual([...queries.subarray(HEAD_DIM, 4 * HEAD_DIM)]);
      expect([...vectors.keys]).toEqual([...keys]);
      for (const query of [1, 2, 3]) {
        const { softmax, difference } = chainOf(vectors, query);
        const expected = weightsOf("short", 1, 1).subarray(query * 5, (query + 1) * 5);
        expect([...softmax].map((weight) => weight.toFixed(6))).toEqual([...expected].map((one) => one.toFixed(6)));
        expect(difference).toBeLessThan(1e-6);
      }
      expect(await source.vectors({ map: "short", layer: 1, head: 1, queries: [1, 4] }, never)).toBe(vectors);
    });

    it("rejects with a sentence for what there is not", async () => {
      const source = await open();
      await expect(source.fetch(block("cross", 0, [0]), never)).rejects.toThrow(SENTENCE);
      await expect(source.fetch(block("short", 3, [0]), never)).rejects.toThrow(SENTENCE);
      await expect(source.fetch(block("short", 0, [3]), never)).rejects.toThrow(SENTENCE);
      await expect(source.fetch(overview("long", 1, [2]), never)).rejects.toThrow(SENTENCE);
      await expect(source.vectors({ map: "short", layer: 2, head: 0, queries: [0, 5] }, never)).rejects.toThrow(
        SENTENCE,
      );
    });

    it("rejects with the signal's reason once nobody waits, and answers the next one", async () => {
      const source = await open();
      const reason = new Error("moved on");
      const gone = AbortSignal.abort(reason);
      await expect(source.fetch(block("short", 0, [0]), gone)).rejects.toBe(reason);
      const moved = new AbortController();
      const answers = [
        source.fetch(block("long", 0, [0]), moved.signal),
        source.fetch(overview("long", 0, [0]), moved.signal),
        source.vectors({ map: "long", layer: 0, head: 0, queries: [0, 2] }, moved.signal),
      ];
      moved.abort(reason);
      for (const answer of await Promise.allSettled(answers)) expect(answer).toEqual({ status: "rejected", reason });
      const [head] = await source.fetch(block("long", 0, [0]), never);
      expect(compare(head, weightsOf("long", 0, 0))).toEqual(right(weightsOf("long", 0, 0)));
    });
  });
}
