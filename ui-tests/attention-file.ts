import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./harness/index";
import { PYTHON } from "./harness/jupyter";
import { served } from "./harness/served";

/** The sizes of an attention map whose queries and keys are in a file. */
export interface Sizes {
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly tokens: readonly string[];
}

/** How a file differs from a correct one. */
export interface Odd {
  readonly version?: string;
  /** Changes the description of the tensors. */
  readonly tensors?: (tensors: Record<string, TensorEntry>) => void;
}

export interface TensorEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const BYTES = { F32: 4, U8: 1 } as const;
const BINS = 64;

/** Makes a new folder on the server, and returns its name. */
export function newFolder(): string {
  const folder = randomUUID();
  mkdirSync(join(served().root, folder));
  return folder;
}

/** The place on disk of a file on the server. */
export function onDisk(path: string): string {
  return join(served().root, path);
}

/**
 * Saves the value of the last line of some Python code as a file on the server. Returns what the code printed before.
 */
export function saveByPython(path: string, code: string): string {
  const program = `${code}\ncapture.save(${JSON.stringify(onDisk(path))})`;
  const env = { ...process.env, PYTHONPATH: join(ROOT, "python"), HF_HUB_OFFLINE: "1" };
  return execFileSync(PYTHON, ["-c", program], { encoding: "utf8", env }).trim();
}

/**
 * Writes a file of this format with the given data, or with zeros, which take no space on disk. Returns its size in
 * bytes.
 */
export function writeAttentionFile(path: string, sizes: Sizes, odd: Odd = {}, data?: Uint8Array): number {
  const { tensors, records, length } = layOut(sizes);
  const { layers, heads, tokens } = sizes;
  const map = {
    ...{ name: "self", label: "Self", num_layers: layers, num_heads: Array(layers).fill(heads) },
    ...{ query_tokens: tokens, key_tokens: tokens, query_special: [], key_special: [] },
    ...{ query_words: null, key_words: null, query_segments: [], key_segments: [] },
    ...{ sentence_b_start: null, no_vectors: Array(layers).fill("") },
    ...{ query_grid: null, key_grid: null, records },
  };
  const report = { model: "Made", maps: [], missing: {}, notes: [] };
  const capture = { name: "Made", headscope: "0.1.0", report, generation: null, candidates: null, maps: [map] };
  odd.tensors?.(tensors);
  const metadata = { format: "headscope", version: odd.version ?? "1", capture: JSON.stringify(capture) };
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...tensors }));
  const header = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(header.length));
  const size = 8 + header.length + length;
  mkdirSync(dirname(onDisk(path)), { recursive: true });
  const file = openSync(onDisk(path), "w");
  writeSync(file, Buffer.concat([start, header, data?.subarray(0, length) ?? Buffer.alloc(0)]));
  ftruncateSync(file, size);
  closeSync(file);
  return size;
}

function layOut({ layers, heads, headDim, tokens }: Sizes) {
  const tensors: Record<string, TensorEntry> = {};
  let length = 0;
  const add = (name: string, dtype: keyof typeof BYTES, shape: number[]): string => {
    const begin = length;
    length += shape.reduce((product, extent) => product * extent, BYTES[dtype]);
    tensors[name] = { dtype, shape, data_offsets: [begin, length] };
    return name;
  };
  const indices = [...Array(layers).keys()];
  const isLong = tokens.length > BINS;
  const overviews = indices.map((layer) => (isLong ? add(`overview.${layer}`, "U8", [heads, BINS, BINS]) : null));
  const records = indices.map((layer) => ({
    ...{ kind: "vectors", num_heads: heads, num_kv_heads: heads, head_dim: headDim },
    queries: add(`queries.${layer}`, "F32", [heads, tokens.length, headDim]),
    keys: add(`keys.${layer}`, "F32", [heads, tokens.length, headDim]),
    ...{ scaling: headDim ** -0.5, softcap: null, sinks: null, visible: null, biases: [] },
    ...{ module: `layers.${layer}.attention`, rotary: false, overview: overviews[layer] },
  }));
  return { tensors, records, length };
}
