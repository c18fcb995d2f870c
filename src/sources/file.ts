import type { BlockKind, BlockRequest, MapInfo, VectorRequest } from "../contract.gen";
import { cacheKey, HeadCache } from "../core/cache";
import { FileBytes } from "../core/file-bytes";
import type { FileCapture, FileMap } from "../core/file-capture";
import type { ByteReader } from "../core/file-reader";
import { type FileRecord, tensorsOf } from "../core/file-record";
import type { HeadWeights } from "../core/head-weights";
import { Kept } from "../core/kept";
import { LineUp } from "../core/line-up";
import { heldAs } from "../core/overview";
import { readBytes, wholeOf } from "../core/safetensors-values";
import type { Source } from "../core/source";
import type { HeadVectors } from "../core/vectors";
import { VectorCache } from "../core/vectors-cache";
import { checkSize, computeHead, computeRows } from "../core/weights-codes";
import { noNorms } from "../core/weights-head";
import { loadHead } from "../core/weights-load";
import { Pace } from "../core/weights-pace";
import type { WeightRows } from "../core/weights-rows";
import { hasVectors, loadVectors } from "../core/weights-vectors";
import { missingOverviews, overviewHeads, overviewsNear } from "./file-overviews";
import { type FileHeads, FilePyramid, type Range } from "./file-pyramid";

/** How much memory a source may take, in bytes. */
export interface FileLimits {
  /** Weights and overviews. */
  readonly weights: number;
  /** What the neuron view asks for. */
  readonly vectors: number;
  /** Tensors as they are in the file. */
  readonly tensors: number;
}

const MIB = 1024 * 1024;
const LIMITS: FileLimits = { weights: 128 * MIB, vectors: 32 * MIB, tensors: 64 * MIB };

/** What is kept of the queries of many heads, at 8 bytes each. */
const NORM_BYTES = 8 * MIB;

/** A layer up to this size is read whole, at once: the reader goes on to another of its heads, more often than not. */
const WHOLE_LAYER = 16 * MIB;

/** Weights that this page computes from a file's queries and keys, which are read when they are wanted. */
export class FileSource implements Source {
  readonly #maps: readonly FileMap[];
  readonly #file: FileBytes;
  readonly #cache: HeadCache;
  readonly #vectors: VectorCache;
  /** Heads are computed for one request at a time. */
  readonly #lineUp = new LineUp();
  readonly #norms = new Kept<Float64Array>(NORM_BYTES, ({ byteLength }) => byteLength);
  readonly #pyramid: FilePyramid;

  constructor(reader: ByteReader, { maps }: FileCapture, limits: Partial<FileLimits> = {}) {
    const { weights, vectors, tensors } = { ...LIMITS, ...limits };
    this.#maps = maps;
    this.#file = new FileBytes(reader, tensors);
    this.#cache = new HeadCache(weights);
    this.#vectors = new VectorCache(vectors);
    const record: FileHeads["record"] = (map, layer, heads) => recordOf(this.#map(map), layer, heads);
    const rows: FileHeads["rows"] = (map, layer, head, queries, signal) =>
      this.#rows(map, layer, head, signal, queries);
    this.#pyramid = new FilePyramid({ record, rows }, this.#cache);
  }

  /** The memory that weights take, all kinds of them. */
  get bytes(): number {
    return this.#cache.bytes;
  }

  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined {
    return this.#cache.get(cacheKey(heldAs(kind, this.#map(map).info), map, layer, head));
  }

  async fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    signal.throwIfAborted();
    const { map, layer, heads } = request;
    const found = this.#map(map);
    const record = recordOf(found, layer, heads);
    const kind = heldAs(request.kind, found.info);
    const known = heads.map((head) => this.peek(kind, map, layer, head));
    if (known.every((one) => one !== undefined)) return known;
    if (kind === "overview") return this.#overviews(found, layer, heads, signal);
    checkSize(heads.length, record.numQueries, record.numKeys);
    return this.#lineUp.add(() => this.#compute(request, signal), signal, true);
  }

  async vectors(request: VectorRequest, signal: AbortSignal): Promise<HeadVectors> {
    signal.throwIfAborted();
    const kept = this.#vectors.get(request);
    if (kept) return kept;
    const { map, layer, head, queries } = request;
    const found = this.#map(map);
    const record = recordOf(found, layer, [head]);
    const [start, stop] = rangeOf(queries, found.info);
    if (!hasVectors(record)) {
      throw new Error(found.info.no_vectors[layer] || `The file has no queries and keys of layer ${layer}.`);
    }
    await this.#readLayer(record, signal);
    const [parts, rows] = await Promise.all([
      loadVectors(this.#file, record, head, [start, stop], signal),
      this.#rows(map, layer, head, signal),
    ]);
    const vectors = { ...parts, weights: await new Pace().run(computeRows(rows, start, stop), signal) };
    this.#vectors.set(request, vectors);
    return vectors;
  }

  peekExcerpt: Source["peekExcerpt"] = (request) => this.#pyramid.peekExcerpt(request);
  excerpt: Source["excerpt"] = (request, lane, signal) => this.#pyramid.excerpt(request, lane, signal);
  peekTile: Source["peekTile"] = (tile) => this.#pyramid.peekTile(tile);
  tiles: Source["tiles"] = (request, lane, take, signal) => this.#pyramid.tiles(request, lane, take, signal);

  /** Each head is in memory as soon as it is done, so that one who gives up keeps what there is. */
  async #compute(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    const { map, layer, heads } = request;
    const found: HeadWeights[] = [];
    const pace = new Pace();
    for (const head of heads) {
      const key = cacheKey("block", map, layer, head);
      const weights =
        this.#cache.get(key) ?? (await pace.run(computeHead(await this.#rows(map, layer, head, signal)), signal));
      this.#cache.set(key, weights);
      found.push(weights);
    }
    return found;
  }

  /** Reads what a head is computed from. What was found out of its queries before is known again. */
  async #rows(map: string, layer: number, head: number, signal: AbortSignal, queries?: Range): Promise<WeightRows> {
    const record = recordOf(this.#map(map), layer, [head]);
    await this.#readLayer(record, signal);
    if (record.kind !== "vectors") return loadHead(this.#file, record, head, signal, queries && { queries });
    const key = JSON.stringify([map, layer, head]);
    const norms = this.#norms.get(key) ?? noNorms(record.numQueries);
    this.#norms.set(key, norms);
    return loadHead(this.#file, record, head, signal, { norms });
  }

  /** Brings what a small layer consists of into memory, in one read. */
  async #readLayer(record: FileRecord, signal: AbortSignal): Promise<void> {
    const tensors = tensorsOf(record);
    const size = tensors.reduce((sum, { start, stop }) => sum + stop - start, 0);
    if (size > WHOLE_LAYER) return;
    await Promise.all(tensors.map((tensor) => readBytes(this.#file, tensor, wholeOf(tensor), signal)));
  }

  async #overviews(map: FileMap, layer: number, heads: readonly number[], signal: AbortSignal): Promise<HeadWeights[]> {
    const { name } = map.info;
    const isHere = (at: number) => this.#cache.has(cacheKey("overview", name, at, 0));
    const near = overviewsNear(map, layer, isHere);
    const bytes = await Promise.all(near.map(({ tensor }) => readBytes(this.#file, tensor, wholeOf(tensor), signal)));
    const layers = new Map(
      near.map(({ layer }, index) => [layer, overviewHeads(map, layer, bytes[index] as Uint8Array)]),
    );
    for (const [at, all] of layers) {
      all.forEach((weights, head) => {
        this.#cache.set(cacheKey("overview", name, at, head), weights);
      });
    }
    const found = layers.get(layer) ?? missingOverviews(map, layer);
    return heads.map((head) => found[head] as HeadWeights);
  }

  #map(name: string): FileMap {
    const found = this.#maps.find(({ info }) => info.name === name);
    if (!found) throw new Error(`This file has no attention map "${name}".`);
    return found;
  }
}

function recordOf({ info, records }: FileMap, layer: number, heads: readonly number[]): FileRecord {
  const record = records[layer];
  if (!record) throw new Error(`Map "${info.name}" of this file has no layer ${layer}: there are ${info.num_layers}.`);
  const wrong = heads.find((head) => !(head >= 0 && head < record.numHeads));
  if (wrong !== undefined) throw new Error(`Layer ${layer} has ${record.numHeads} heads: there is no head ${wrong}.`);
  return record;
}

function rangeOf(queries: readonly number[], { query_tokens }: MapInfo): readonly [number, number] {
  const [start = -1, stop = -1] = queries;
  if (start < 0 || stop < start || stop > query_tokens.length) {
    throw new Error(`Queries ${start} to ${stop} are out of range: there are ${query_tokens.length}.`);
  }
  return [start, stop];
}
