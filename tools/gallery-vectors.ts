import type { HeadRule, MapDescription } from "../src/contract.gen";
import { chainOf } from "../src/core/attend/chain";
import { tableOf } from "../src/core/weights/codecs/tables";
import type { HeadWeights } from "../src/core/weights/head-weights";
import type { HeadVectors } from "../src/core/weights/vectors";
import { random } from "./random";
/** Generated queries and keys with the rules of real models, and the weights that follow from them. */

export type Family = "bert" | "llama" | "gemma" | "t5" | "gpt_oss";

const RULES: Readonly<Record<Family, Partial<HeadRule>>> = {
  bert: {},
  llama: { num_heads: 9, num_kv_heads: 3, rotary: true },
  gemma: { softcap: 50, num_heads: 8, num_kv_heads: 4, rotary: true },
  t5: { scaling: 1 },
  gpt_oss: { sink: 1.25, num_heads: 64, num_kv_heads: 8, rotary: true },
};
const WINDOW = 6;

export function vectorsOf(
  description: MapDescription,
  layer: number,
  head: number,
  family: Family,
  headDim = 64,
): HeadVectors {
  const [numQueries, numKeys] = [description.query_tokens.length, description.key_tokens.length];
  const next = random(7 + layer * 31 + head * 5);
  const normal = () => Math.sqrt(-2 * Math.log(next() + 1e-9)) * Math.cos(6.2832 * next());
  const topics = Array.from({ length: 8 }, () => Float32Array.from({ length: headDim }, () => 1.6 * normal()));
  const vectors = (count: number, shift: number) =>
    Float32Array.from({ length: count * headDim }, (_, at) => {
      const [position, dimension] = [Math.floor(at / headDim), at % headDim];
      return (
        ((topics[(position * 5 + shift) % 8] as Float32Array)[dimension] as number) * (family === "t5" ? 0.4 : 1) +
        normal()
      );
    });
  const rule: HeadRule = {
    scaling: headDim ** -0.5,
    softcap: null,
    sink: null,
    num_heads: 12,
    num_kv_heads: 12,
    kv_head: 0,
    rotary: false,
    ...RULES[family],
  };
  const table = (valueAt: (query: number, key: number) => number) =>
    Float32Array.from({ length: numQueries * numKeys }, (_, at) => valueAt(Math.floor(at / numKeys), at % numKeys));
  const isWindow = family === "gpt_oss";
  const hides = (query: number, key: number) => key > query || (isWindow && query - key >= WINDOW);
  const found: HeadVectors = {
    rule: { ...rule, kv_head: Math.floor(head / (rule.num_heads / rule.num_kv_heads)) },
    rows: [0, numQueries],
    numKeys,
    headDim,
    queries: vectors(numQueries, head),
    keys: vectors(numKeys, 3),
    bias: family === "t5" ? table((query, key) => 3 - Math.log2(1 + Math.abs(query - key)) * 1.5) : null,
    hidden:
      family === "bert" || family === "t5" ? null : Uint8Array.from(table((query, key) => Number(hides(query, key)))),
    weights: null,
  };
  const rows = Array.from({ length: numQueries }, (_, query) => [...chainOf(found, query).softmax]);
  return { ...found, weights: Float32Array.from(rows.flat()) };
}

export function weightsOf({ weights, rows, numKeys }: HeadVectors): HeadWeights {
  const codes = new Uint16Array(Float16Array.from(weights ?? []).buffer);
  return { numQueries: rows[1] - rows[0], numKeys, codes, table: tableOf("float16"), dtype: "float16" };
}
