import { type HeadRule, LONG_TOKENS, type VectorRequest } from "../../contract.gen";
import { ByteLru } from "./lru";
import type { VectorFrame } from "./vector-frames";

/** The half-open range of these queries; row 0 of the arrays over queries is the first of them. */
export interface HeadVectors {
  readonly rule: HeadRule;
  /** The half-open range of these queries. Row 0 of all arrays is its first query. */
  readonly rows: readonly [number, number];
  readonly numKeys: number;
  readonly headDim: number;
  /** Shape (rows, headDim). */
  readonly queries: Float32Array;
  /** Shape (numKeys, headDim). */
  readonly keys: Float32Array;
  /** The bias on the capped scores, shape (rows, numKeys); null in a layer without one. */
  readonly bias: Float32Array | null;
  /** 1 where a key is hidden from a query, shape (rows, numKeys); null in a layer that hides no key. */
  readonly hidden: Uint8Array | null;
  /** The exact weights, shape (rows, numKeys); null in a saved page that leaves them out. */
  readonly weights: Float32Array | null;
}

/** The most recently used vectors. */
export type VectorCache = ByteLru<HeadVectors>;

export function vectorCache(maxBytes: number): VectorCache {
  return new ByteLru(maxBytes, ({ queries, keys, bias, hidden, weights }) =>
    [queries, keys, bias, hidden, weights].flatMap((part) => (part ? [part.buffer] : [])),
  );
}

/** The key of a request's vectors in a cache. */
export function vectorKey({ map, layer, head, queries }: VectorRequest): string {
  return JSON.stringify([map, layer, head, queries]);
}

/** A request covers at most so many weights, which is enough for all queries of most inputs. */
const BAND_WEIGHTS = 1 << 20;

/** The same limit for long inputs: about the visible rows. */
const LONG_BAND_WEIGHTS = 1 << 18;

/** The range of queries to request when a view needs one of them. */
export function bandOf(query: number, numQueries: number, numKeys: number): [number, number] {
  const weights = Math.max(numQueries, numKeys) > LONG_TOKENS ? LONG_BAND_WEIGHTS : BAND_WEIGHTS;
  const size = Math.max(1, Math.floor(weights / Math.max(1, numKeys)));
  const start = query - (query % size);
  return [start, Math.min(numQueries, start + size)];
}

/** Joins the frames of an answer. Throws an Error that says what is missing. */
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

/** The requested rows, one after another. */
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
