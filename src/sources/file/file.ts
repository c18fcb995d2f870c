import type { BlockKind, BlockRequest, MapDescription, VectorRequest } from "../../contract.gen";
import { RequestQueue } from "../../core/async/request-queue";
import { TimeSlicer } from "../../core/async/scheduler";
import { noNorms } from "../../core/attend/attend";
import { checkSize, computeHead, computeRows } from "../../core/attend/compute-head";
import { loadHead } from "../../core/attend/load-head";
import { hasVectors, loadVectors } from "../../core/attend/load-vectors";
import type { WeightRows } from "../../core/attend/weight-rows";
import { fetchComposed } from "../../core/composed/composed-heads";
import { isComposed, keyEdges, withComposed } from "../../core/composed/composed-map";
import { ComposedRows, within } from "../../core/composed/composed-rows";
import type { ByteReader } from "../../core/file/byte-reader";
import { FileBytes } from "../../core/file/file-bytes";
import { type FileRecord, tensorsOf } from "../../core/file/layer-record";
import type { FileCapture, FileMap } from "../../core/file/read-capture";
import { readBytes, wholeOf } from "../../core/file/safetensors-values";
import type { Source } from "../../core/state/source";
import { cacheKey, type HeadCache, headCache } from "../../core/weights/head-cache";
import type { HeadWeights } from "../../core/weights/head-weights";
import { ByteLru } from "../../core/weights/lru";
import { storedKind } from "../../core/weights/map-size";
import { type HeadVectors, type VectorCache, vectorCache, vectorKey } from "../../core/weights/vectors";
import { missingOverviews, overviewHeads, overviewsNear } from "./file-overviews";
import { type FileHeads, FileTiles, type QueryRange } from "./file-tiles";

/** The most memory that a source takes, in bytes. */
export interface FileLimits {
  /** Weights and overviews. */
  readonly weights: number;
  /** Queries and keys for the neuron view. */
  readonly vectors: number;
  /** Tensors as they are in the file. */
  readonly tensors: number;
}

const MIB = 1024 * 1024;
const LIMITS: FileLimits = { weights: 128 * MIB, vectors: 32 * MIB, tensors: 64 * MIB };

/** The cache of norms: many heads, 8 bytes per query. */
const NORM_BYTES = 8 * MIB;

/** A layer up to this size is read whole, because the reader usually moves on to another of its heads. */
const WHOLE_LAYER = 16 * MIB;

/** Weights that this page computes from a file's queries and keys, which it reads on demand. */
export class FileSource implements Source {
  readonly #maps: readonly FileMap[];
  readonly #file: FileBytes;
  readonly #cache: HeadCache;
  readonly #vectors: VectorCache;
  /** Computes heads for one request at a time. */
  readonly #queue = new RequestQueue();
  readonly #norms = new ByteLru<Float64Array>(NORM_BYTES, ({ buffer }) => [buffer]);
  readonly #tiles: FileTiles;

  constructor(reader: ByteReader, { maps }: FileCapture, limits: Partial<FileLimits> = {}) {
    const { weights, vectors, tensors } = { ...LIMITS, ...limits };
    this.#maps = withComposedFile(maps);
    this.#file = new FileBytes(reader, tensors);
    this.#cache = headCache(weights);
    this.#vectors = vectorCache(vectors);
    const record: FileHeads["record"] = (map, layer, heads) => recordOf(this.#map(map), layer, heads);
    const rows: FileHeads["rows"] = (map, layer, head, queries, signal) =>
      this.#rows(map, layer, head, signal, queries);
    this.#tiles = new FileTiles({ record, rows, edges: (map) => keyEdges(this.#map(map).description) }, this.#cache);
  }

  /** The memory that weights of all kinds take, in bytes. */
  get bytes(): number {
    return this.#cache.bytes;
  }

  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined {
    return this.#cache.get(cacheKey(storedKind(kind, this.#map(map).description), map, layer, head));
  }

  async fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    signal.throwIfAborted();
    const { map, layer, heads } = request;
    const found = this.#map(map);
    const record = recordOf(found, layer, heads);
    const kind = storedKind(request.kind, found.description);
    const known = heads.map((head) => this.peek(kind, map, layer, head));
    if (known.every((one) => one !== undefined)) return known;
    if (kind === "overview" && isComposed(found.description)) return this.#composedOverviews(found, request, signal);
    if (kind === "overview") return this.#overviews(found, layer, heads, signal);
    checkSize(heads.length, record.numQueries, record.numKeys);
    return this.#queue.add(() => this.#compute(request, signal), signal, true);
  }

  async vectors(request: VectorRequest, signal: AbortSignal): Promise<HeadVectors> {
    signal.throwIfAborted();
    const cached = this.#vectors.get(vectorKey(request));
    if (cached) return cached;
    const { map, layer, head, queries } = request;
    const found = this.#map(map);
    const record = recordOf(found, layer, [head]);
    const [start, stop] = rangeOf(queries, found.description);
    if (!hasVectors(record)) {
      throw new Error(found.description.no_vectors[layer] || `The file has no queries and keys of layer ${layer}.`);
    }
    await this.#readLayer(record, signal);
    const [parts, rows] = await Promise.all([
      loadVectors(this.#file, record, head, [start, stop], signal),
      this.#rows(map, layer, head, signal),
    ]);
    const vectors = { ...parts, weights: await new TimeSlicer().run(computeRows(rows, start, stop), signal) };
    this.#vectors.set(vectorKey(request), vectors);
    return vectors;
  }

  peekExcerpt: Source["peekExcerpt"] = (request) => this.#tiles.peekExcerpt(request);
  excerpt: Source["excerpt"] = (request, lane, signal) => this.#tiles.excerpt(request, lane, signal);
  peekTile: Source["peekTile"] = (tile) => this.#tiles.peekTile(tile);
  tiles: Source["tiles"] = (request, lane, take, signal) => this.#tiles.tiles(request, lane, take, signal);

  /** Caches each head as soon as it is done, so that an aborted request leaves what it computed. */
  async #compute(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    const { map, layer, heads } = request;
    const found: HeadWeights[] = [];
    const slices = new TimeSlicer();
    for (const head of heads) {
      const key = cacheKey("block", map, layer, head);
      const weights =
        this.#cache.get(key) ?? (await slices.run(computeHead(await this.#rows(map, layer, head, signal)), signal));
      this.#cache.set(key, weights);
      found.push(weights);
    }
    return found;
  }

  /** Reads the data of a head, and reuses the norms that were computed from its queries before. */
  async #rows(
    map: string,
    layer: number,
    head: number,
    signal: AbortSignal,
    queries?: QueryRange,
  ): Promise<WeightRows> {
    const found = this.#map(map);
    const record = recordOf(found, layer, [head]);
    if (isComposed(found.description)) return this.#composedRows(found.description, layer, head, signal, queries);
    await this.#readLayer(record, signal);
    if (record.kind !== "vectors") return loadHead(this.#file, record, head, signal, queries && { queries });
    const key = JSON.stringify([map, layer, head]);
    const norms = this.#norms.get(key) ?? noNorms(record.numQueries);
    this.#norms.set(key, norms);
    return loadHead(this.#file, record, head, signal, { norms });
  }

  /** The rows of a head of the picture of all, from those of its parts that have the layer and the head. */
  async #composedRows(
    { parts = [], query_tokens }: MapDescription,
    layer: number,
    head: number,
    signal: AbortSignal,
    queries?: QueryRange,
  ): Promise<WeightRows> {
    const there = parts.filter(({ name }) => head < (this.#map(name).description.num_heads[layer] ?? 0));
    const rows = await Promise.all(
      there.map(async (part) => {
        const own = queries && within(part.queries, queries[0], queries[1]);
        return { part, rows: await this.#rows(part.name, layer, head, signal, own) };
      }),
    );
    return new ComposedRows(query_tokens.length, rows);
  }

  async #composedOverviews({ description }: FileMap, request: BlockRequest, signal: AbortSignal) {
    const describe = (part: string) => this.#map(part).description;
    const found = await fetchComposed(description, { ...request, kind: "overview" }, describe, (part) =>
      this.fetch(part, signal),
    );
    request.heads.forEach((head, at) => {
      this.#cache.set(cacheKey("overview", description.name, request.layer, head), found[at] as HeadWeights);
    });
    return found;
  }

  /** Reads all tensors of a small layer at once. */
  async #readLayer(record: FileRecord, signal: AbortSignal): Promise<void> {
    const tensors = tensorsOf(record);
    const size = tensors.reduce((sum, { start, stop }) => sum + stop - start, 0);
    if (size > WHOLE_LAYER) return;
    await Promise.all(tensors.map((tensor) => readBytes(this.#file, tensor, wholeOf(tensor), signal)));
  }

  async #overviews(map: FileMap, layer: number, heads: readonly number[], signal: AbortSignal): Promise<HeadWeights[]> {
    const { name } = map.description;
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
    const found = this.#maps.find(({ description }) => description.name === name);
    if (!found) throw new Error(`This file has no attention map "${name}".`);
    return found;
  }
}

/** The picture of all has no tensors of its own: its records have only their sizes. */
function withComposedFile(maps: readonly FileMap[]): readonly FileMap[] {
  const composed = withComposed(maps.map(({ description }) => description)).find(isComposed);
  if (!composed) return maps;
  const size = composed.query_tokens.length;
  const records = composed.num_heads.map(
    (numHeads): FileRecord => ({ kind: "missing", numHeads, numQueries: size, numKeys: size, overview: null }),
  );
  return [...maps, { description: composed, records }];
}

function recordOf({ description, records }: FileMap, layer: number, heads: readonly number[]): FileRecord {
  const record = records[layer];
  if (!record)
    throw new Error(
      `Map "${description.name}" of this file has no layer ${layer}: there are ${description.num_layers}.`,
    );
  const wrong = heads.find((head) => !(head >= 0 && head < record.numHeads));
  if (wrong !== undefined) throw new Error(`Layer ${layer} has ${record.numHeads} heads: there is no head ${wrong}.`);
  return record;
}

function rangeOf(queries: readonly number[], { query_tokens }: MapDescription): readonly [number, number] {
  const [start = -1, stop = -1] = queries;
  if (start < 0 || stop < start || stop > query_tokens.length) {
    throw new Error(`Queries ${start} to ${stop} are out of range: there are ${query_tokens.length}.`);
  }
  return [start, stop];
}
