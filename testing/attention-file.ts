import type { ByteReader } from "../src/core/file/byte-reader";
import { f32, i32, safetensorsFile, type Written } from "./safetensors";

/** A record, and the tensors that it names. */
export interface Layer {
  readonly record: object;
  readonly tensors: Readonly<Record<string, Written>>;
}

/** Numbers between -1 and 1 that look random but are the same in every run. */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A causal layer with one KV head for every two heads. */
export function causalLayer(layer: number, numHeads: number, length: number, headDim: number): Layer {
  const name = (part: string) => `${layer}.${part}`;
  const numKvHeads = numHeads / 2;
  const bins = Math.min(64, length);
  const overview: Written = {
    dtype: "F16",
    shape: [numHeads, bins, bins],
    values: new Uint16Array(numHeads * bins * bins).fill(0x3800 + layer),
  };
  const record = {
    kind: "vectors",
    num_heads: numHeads,
    num_kv_heads: numKvHeads,
    head_dim: headDim,
    queries: name("queries"),
    keys: name("keys"),
    scaling: 3,
    softcap: null,
    sinks: null,
    visible: { num_keys: length, start: name("start"), stop: name("stop"), shown: null, exceptions: null },
    biases: [],
    module: "attention",
    rotary: false,
    overview: length > 64 ? name("overview") : null,
  };
  const tensors = {
    [name("overview")]: overview,
    [name("queries")]: f32([numHeads, length, headDim], numbers(numHeads * length * headDim, layer)),
    [name("keys")]: f32([numKvHeads, length, headDim], numbers(numKvHeads * length * headDim, layer + 99)),
    [name("start")]: i32(Array(length).fill(0)),
    [name("stop")]: i32(Array.from({ length }, (_, query) => query + 1)),
  };
  return { record, tensors };
}

/** The fields of a map whose tokens are numbers. */
export function mapOf(layers: readonly Layer[], numHeads: number, length: number): Record<string, unknown> {
  const tokens = Array.from({ length }, (_, position) => `t${position}`);
  return {
    name: "self",
    label: "Self",
    num_layers: layers.length,
    num_heads: layers.map(() => numHeads),
    query_tokens: tokens,
    key_tokens: tokens,
    query_special: [],
    key_special: [],
    query_words: null,
    key_words: null,
    query_segments: [],
    key_segments: [],
    sentence_b_start: null,
    no_vectors: layers.map(() => ""),
    query_grid: null,
    key_grid: null,
    records: layers.map(({ record }) => record),
  };
}

export function metadataOf(maps: readonly object[]): Record<string, string> {
  const capture = { name: "Tiny", headscope: "0.1.0", report: {}, generation: null, candidates: null, maps };
  return { format: "headscope", version: "1", capture: JSON.stringify(capture) };
}

/** A file with one map of such layers. Overviews come first, as in a real file. */
export function fileOf(layers: readonly Layer[], numHeads: number, length: number): Uint8Array {
  const all = layers.flatMap(({ tensors }) => Object.entries(tensors));
  const isOverview = ([name]: [string, Written]) => name.endsWith(".overview");
  const ordered = [...all.filter(isOverview), ...all.filter((entry) => !isOverview(entry))];
  return safetensorsFile(Object.fromEntries(ordered), metadataOf([mapOf(layers, numHeads, length)]));
}

/** Reads a file in memory, and records every read. */
export class CountingReader implements ByteReader {
  readonly reads: [start: number, stop: number][] = [];

  constructor(
    readonly bytes: Uint8Array,
    readonly size = bytes.length,
  ) {}

  get total(): number {
    return this.reads.reduce((sum, [start, stop]) => sum + stop - start, 0);
  }

  async read(start: number, stop: number, signal: AbortSignal): Promise<ArrayBuffer> {
    this.reads.push([start, stop]);
    // As over a network, the answer takes time, so the caller may have aborted meanwhile.
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    // Bytes beyond those that a test has made up are zeros.
    const found = new Uint8Array(Math.min(stop, this.size) - start);
    found.set(this.bytes.subarray(start, stop));
    return found.buffer;
  }
}
