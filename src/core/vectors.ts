import { type HeadRule, LONG_TOKENS, type VectorRequest } from "../contract.gen";
import type { VectorFrame } from "./vectors-frames";

/** A head's queries and keys after position encoding, and all that makes weights of them, for a range of queries. */
export interface HeadVectors {
  readonly rule: HeadRule;
  /** The half-open range of the queries that are here: row 0 of what follows is the first of them. */
  readonly rows: readonly [number, number];
  readonly numKeys: number;
  readonly headDim: number;
  /** Shape (rows, headDim). */
  readonly queries: Float32Array;
  /** Shape (numKeys, headDim). */
  readonly keys: Float32Array;
  /** What is added to the capped scores, shape (rows, numKeys); null in a layer that adds nothing. */
  readonly bias: Float32Array | null;
  /** 1 where a query may not see a key, shape (rows, numKeys); null in a layer that hides nothing. */
  readonly hidden: Uint8Array | null;
  /** The exact weights, shape (rows, numKeys); null where a saved page does without. */
  readonly weights: Float32Array | null;
}

/** Vectors are asked for together for so many queries that their weights number at most this: all, in most inputs. */
const BAND_WEIGHTS = 1 << 20;

/** Of long inputs for those in sight, roughly. */
const LONG_BAND_WEIGHTS = 1 << 18;

/** The range of queries that is asked for when one of them is wanted. */
export function bandOf(query: number, numQueries: number, numKeys: number): [number, number] {
  const weights = Math.max(numQueries, numKeys) > LONG_TOKENS ? LONG_BAND_WEIGHTS : BAND_WEIGHTS;
  const size = Math.max(1, Math.floor(weights / Math.max(1, numKeys)));
  const start = query - (query % size);
  return [start, Math.min(numQueries, start + size)];
}

/** Puts the frames of an answer together. Throws an Error that says what is missing. */
export function joinVectors(frames: readonly VectorFrame[], request: VectorRequest, numKeys: number): HeadVectors {
  const { map, layer, head, queries: rows } = request;
  const here = frames.filter(({ header }) => header.map === map && header.layer === layer);
  const ofHead = here.filter(({ header }) => header.kind !== "keys" && header.head === head);
  const rule = ofHead.find(({ header }) => header.rule)?.header.rule;
  if (!rule) throw new Error(`The answer lacks the queries of layer ${layer}, head ${head}.`);
  const keys = here.filter(({ header }) => header.kind === "keys" && header.head === rule.kv_head);
  const named = (kind: string) => ofHead.filter(({ header }) => header.kind === kind);
  const range = rows as [number, number];
  const queries = stacked(named("queries"), range) as Float32Array;
  return {
    rule,
    rows: range,
    numKeys,
    headDim: queries.length / (range[1] - range[0]),
    queries,
    keys: stacked(keys, [0, numKeys]) as Float32Array,
    bias: optional(named("bias"), range) as Float32Array | null,
    hidden: optional(named("hidden"), range) as Uint8Array | null,
    weights: optional(named("weights"), range) as Float32Array | null,
  };
}

function optional(frames: readonly VectorFrame[], range: readonly [number, number]) {
  return frames.length > 0 ? stacked(frames, range) : null;
}

/** The wanted rows, one after another. */
function stacked(frames: readonly VectorFrame[], [start, stop]: readonly [number, number]): VectorFrame["values"] {
  const [first] = frames;
  const width = first?.header.shape[1] ?? 0;
  const found =
    first?.values instanceof Uint8Array
      ? new Uint8Array((stop - start) * width)
      : new Float32Array((stop - start) * width);
  const arrived = new Uint8Array(stop - start);
  for (const { header, values } of frames) {
    const [from, to] = header.rows as [number, number];
    const [low, high] = [Math.max(from, start), Math.min(to, stop)];
    if (low >= high) continue;
    found.set(values.subarray((low - from) * width, (high - from) * width), (low - start) * width);
    arrived.fill(1, low - start, high - start);
  }
  const missing = arrived.indexOf(0);
  if (missing >= 0) throw new Error(`The answer lacks row ${start + missing} of the ${first?.header.kind ?? "keys"}.`);
  return found;
}
