import type { HeadRule, VectorHeader } from "../src/contract.gen";
import { MAGIC } from "../src/contract.gen";
import type { HeadVectors } from "../src/core/weights/vectors";

export const PLAIN_RULE: HeadRule = {
  scaling: 0.5,
  softcap: null,
  sink: null,
  num_heads: 4,
  num_kv_heads: 4,
  kv_head: 0,
  rotary: false,
};

/** A frame as the kernel writes it. */
export function frameOf(
  header: Omit<VectorHeader, "dtype" | "shape" | "rule"> & { rule?: HeadRule },
  values: Float32Array | Uint8Array,
): Uint8Array {
  const rows = (header.rows[1] as number) - (header.rows[0] as number);
  const dtype = values instanceof Uint8Array ? "uint8" : "float32";
  const whole = { rule: null, ...header, shape: [rows, rows === 0 ? 0 : values.length / rows], dtype };
  const text = new TextEncoder().encode(JSON.stringify(whole));
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + Math.ceil(values.byteLength / 8) * 8).fill(0x20, 8, 8 + length);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(4, length, true);
  bytes.set(text, 8);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 8 + length);
  return bytes;
}

/** The vectors of a head with the given queries and keys, one per row, and the fields in `more`. */
export function headVectors(queries: number[][], keys: number[][], more: Partial<HeadVectors> = {}): HeadVectors {
  return {
    rule: PLAIN_RULE,
    rows: [0, queries.length],
    numKeys: keys.length,
    headDim: queries[0]?.length ?? 0,
    queries: Float32Array.from(queries.flat()),
    keys: Float32Array.from(keys.flat()),
    bias: null,
    hidden: null,
    weights: null,
    ...more,
  };
}
