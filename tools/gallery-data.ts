import type { BlockRequest, MapDescription, VectorRequest } from "../src/contract.gen";
import type { Source } from "../src/core/state/source";
import { tableOf } from "../src/core/weights/codecs/tables";
import type { HeadWeights } from "../src/core/weights/head-weights";
import type { HeadVectors } from "../src/core/weights/vectors";
import { type Family, vectorsOf, weightsOf } from "./gallery-vectors";
import { random } from "./random";

/** Generated attention in realistic shapes, to look at the views without a kernel. Only the gallery uses it. */

const BINS = 64;

const TEXT =
  "The capital of a small country lies between two rivers , and every spring the water rises until the lower streets are closed . " +
  "People there say that the town belongs to the river for a week , and that the river gives it back when it has seen enough .";

/** Running text of `count` tokens between special tokens. */
export function words(count: number): string[] {
  const text = TEXT.split(" ");
  const inner = Array.from({ length: Math.max(0, count - 2) }, (_, index) => text[index % text.length] as string);
  return count === 1 ? ["[CLS]"] : ["[CLS]", ...inner.map((word, index) => (index % 3 ? ` ${word}` : word)), "[SEP]"];
}

export const HOSTILE = [
  "<s>",
  "</script><script>alert(1)</script>",
  '"quoted"',
  "'",
  "&amp;",
  "<b>bold</b>",
  "👩‍👩‍👧‍👦",
  "🙂",
  "\n",
  " \n\n",
  "\t",
  "   indented",
  "مرحبا",
  "שלום",
  "注意力",
  "Donaudampfschifffahrtsgesellschaftskapitän",
  "",
  "\u0000",
  "a b ",
  "</s>",
];

export function mapDescription(
  name: string,
  tokens: string[],
  layers: number,
  heads: number,
  more: Partial<MapDescription> = {},
): MapDescription {
  const special = [0, tokens.length - 1];
  return {
    name,
    label: name[0]?.toUpperCase() + name.slice(1),
    num_layers: layers,
    num_heads: Array(layers).fill(heads),
    query_tokens: tokens,
    key_tokens: tokens,
    query_special: special,
    key_special: special,
    query_words: null,
    key_words: null,
    query_segments: [],
    key_segments: [],
    sentence_b_start: null,
    no_vectors: Array(layers).fill("These weights were given."),
    ...more,
  };
}

/** Scores of one head before the softmax. Each kind of head attends to something else. */
function score(kind: number, query: number, key: number, numKeys: number, noise: number): number {
  const reach = 1 + (kind % 3);
  switch (kind % 6) {
    case 0:
      return query - key === reach ? 7 : noise;
    case 1:
      return key === 0 ? 4 : noise * 2;
    case 2:
      return -Math.abs(query - key - reach) / (1 + reach) + noise;
    case 3:
      return key === numKeys - 1 ? 5 : noise;
    case 4:
      return key - query === reach ? 6 : noise * 3;
    default:
      return noise * 4;
  }
}

export function headOf(
  description: MapDescription,
  layer: number,
  head: number,
  { dense = false, missing = false, causal = false }: Behaviour,
): HeadWeights {
  const [numQueries, numKeys] = [description.query_tokens.length, description.key_tokens.length];
  const next = random(1 + layer * 97 + head * 13);
  const weights = new Float16Array(numQueries * numKeys);
  for (let query = 0; query < numQueries; query++) {
    const row = Array.from({ length: numKeys }, (_, key) =>
      causal && key > query ? 0 : Math.exp(dense ? next() : score(layer + head * 7, query, key, numKeys, next())),
    );
    const total = row.reduce((sum, one) => sum + one, 0);
    for (let key = 0; key < numKeys; key++) {
      weights[query * numKeys + key] = missing && query % 5 === 2 ? Number.NaN : (row[key] as number) / total;
    }
  }
  return { numQueries, numKeys, codes: new Uint16Array(weights.buffer), table: tableOf("float16"), dtype: "float16" };
}

function pooled(weights: HeadWeights): HeadWeights {
  const [numQueries, numKeys] = [Math.min(BINS, weights.numQueries), Math.min(BINS, weights.numKeys)];
  const out = new Float16Array(numQueries * numKeys);
  for (let query = 0; query < weights.numQueries; query++) {
    for (let key = 0; key < weights.numKeys; key++) {
      const bin =
        Math.floor((query * numQueries) / weights.numQueries) * numKeys + Math.floor((key * numKeys) / weights.numKeys);
      const weight = weights.table[weights.codes[query * weights.numKeys + key] as number] as number;
      out[bin] = Math.max(out[bin] as number, weight);
    }
  }
  return { ...weights, numQueries, numKeys, codes: new Uint16Array(out.buffer) };
}

export interface Behaviour {
  /** The family whose rules the heads follow; undefined for heads without queries and keys. */
  readonly family?: Family;
  readonly headDim?: number;
  readonly dense?: boolean;
  readonly missing?: boolean;
  readonly causal?: boolean;
  /** Milliseconds until an answer comes; undefined if everything is in memory. */
  readonly delay?: number;
  readonly failure?: string;
}

/** Answers from memory: at once, late or never. */
export class MadeUpSource implements Source {
  readonly #heads = new Map<string, HeadWeights>();
  behaviour: Behaviour;

  constructor(
    readonly maps: readonly MapDescription[],
    behaviour: Behaviour,
  ) {
    this.behaviour = behaviour;
  }

  peek(kind: BlockRequest["kind"], map: string, layer: number, head: number): HeadWeights | undefined {
    const { delay, failure } = this.behaviour;
    const key = `${kind} ${map} ${layer} ${head}`;
    return delay === undefined && failure === undefined
      ? this.#make(key, kind, map, layer, head)
      : this.#heads.get(key);
  }

  fetch({ kind, map, layer, heads }: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      setTimeout(() => {
        if (this.behaviour.failure) reject(new Error(this.behaviour.failure));
        else resolve(heads.map((head) => this.#make(`${kind} ${map} ${layer} ${head}`, kind, map, layer, head)));
      }, this.behaviour.delay ?? 0);
    });
  }

  vectors({ map, layer, head }: VectorRequest): Promise<HeadVectors> {
    return Promise.resolve(this.#vectorsOf(map, layer, head));
  }

  #vectorsOf(map: string, layer: number, head: number): HeadVectors {
    const description = this.maps.find(({ name }) => name === map) as MapDescription;
    const { family = "bert", headDim } = this.behaviour;
    return vectorsOf(description, layer, head, family, headDim);
  }

  #make(key: string, kind: BlockRequest["kind"], map: string, layer: number, head: number): HeadWeights {
    const description = this.maps.find(({ name }) => name === map) as MapDescription;
    const made =
      this.#heads.get(key) ??
      (this.behaviour.family
        ? weightsOf(this.#vectorsOf(map, layer, head))
        : headOf(description, layer, head, this.behaviour));
    const weights = kind === "overview" && !this.#heads.has(key) ? pooled(made) : made;
    this.#heads.set(key, weights);
    return weights;
  }
}
