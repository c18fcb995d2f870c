import { type BlockHeader, type Dtype, MAGIC, type VectorHeader, type VectorKind } from "../../contract.gen";
import type { HeadWeights } from "./head-weights";
import type { HeadVectors } from "./vectors";

const ALIGNMENT = 8;
const ONE = 254;
const MISSING = 255;

/** The address of a block's weights. */
export type BlockAddress = Pick<BlockHeader, "kind" | "map" | "layer" | "heads"> & {
  readonly numQueries: number;
  readonly numKeys: number;
};

/**
 * Encodes heads as one block. Heads keep their codes if they have the requested encoding. Two bytes become one if that
 * is requested and all weights lie between 0 and 1; one byte never becomes two.
 */
export function encodeBlock(heads: readonly HeadWeights[], place: BlockAddress, wanted: Dtype): Uint8Array<ArrayBuffer> {
  const coarse = wanted === "sqrt8" ? heads.map(rootCodes) : [];
  const isCoarse = coarse.length > 0 && coarse.every((codes) => codes !== null);
  const parts = isCoarse ? (coarse as Uint8Array[]) : heads.map(({ codes }) => codes);
  const dtype = isCoarse ? "sqrt8" : (heads[0]?.dtype ?? wanted);
  if (!isCoarse && heads.some((one) => one.dtype !== dtype)) throw new Error("Heads of one block differ in encoding.");
  const { numQueries, numKeys, ...rest } = place;
  const [first] = heads as [HeadWeights];
  const header: BlockHeader = {
    ...rest,
    queries: [0, numQueries],
    keys: [0, numKeys],
    shape: [heads.length, first.numQueries, first.numKeys],
    dtype,
    missing: 0,
  };
  return framed(header, parts);
}

/** Encodes the vectors of a head as consecutive frames. */
export function encodeVectors(
  { rule, rows, numKeys, headDim, queries, keys, bias, hidden, weights }: HeadVectors,
  { map, layer, head }: Pick<VectorHeader, "map" | "layer" | "head">,
): Uint8Array<ArrayBuffer>[] {
  const frame = (kind: VectorKind, of: number, range: readonly number[], columns: number, values: Payload | null) => {
    if (!values) return [];
    const dtype = kind === "hidden" ? "uint8" : "float32";
    const shape = [(range[1] as number) - (range[0] as number), columns];
    const header: VectorHeader = { kind, map, layer, head: of, rows: [...range], shape, dtype, rule: null };
    return [framed(kind === "queries" ? { ...header, rule } : header, [values])];
  };
  return [
    ...frame("queries", head, rows, headDim, queries),
    ...frame("keys", rule.kv_head, [0, numKeys], headDim, keys),
    ...frame("bias", head, rows, numKeys, bias),
    ...frame("hidden", head, rows, numKeys, hidden),
    ...frame("weights", head, rows, numKeys, weights),
  ];
}

/** The codes of a head in sqrt8; null if sqrt8 cannot hold its weights. */
function rootCodes({ codes, table, dtype }: HeadWeights): Uint8Array | null {
  if (dtype === "sqrt8") return codes as Uint8Array;
  const coarse = new Uint8Array(codes.length);
  for (let at = 0; at < codes.length; at++) {
    const weight = table[codes[at] as number] as number;
    if (weight < 0 || weight > 1) return null;
    coarse[at] = Number.isNaN(weight) ? MISSING : Math.round(ONE * Math.sqrt(weight));
  }
  return coarse;
}

type Payload = Uint8Array | Uint16Array | Float32Array;

function framed(header: BlockHeader | VectorHeader, parts: readonly Payload[]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = upTo(text.length);
  const size = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const frame = new Uint8Array(8 + headerLength + upTo(size));
  frame.set(new TextEncoder().encode(MAGIC));
  new DataView(frame.buffer).setUint32(4, headerLength, true);
  frame.fill(32, 8, 8 + headerLength).set(text, 8);
  let at = 8 + headerLength;
  for (const part of parts) {
    frame.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return frame;
}

function upTo(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
