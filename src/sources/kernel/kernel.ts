import type { AnyModel } from "@anywidget/types";
import type { ReadonlySignal } from "@preact/signals-core";
import type { BlockKind, BlockRequest, MapDescription, StoreTraits, VectorRequest } from "../../contract.gen";
import { SingleFlight } from "../../core/async/single-flight";
import { peekComposed } from "../../core/composed/composed-heads";
import { isComposed } from "../../core/composed/composed-map";
import type { Status } from "../../core/state/context";
import type { Source } from "../../core/state/source";
import { HeadAssembler } from "../../core/weights/assemble";
import { decodeBlocks } from "../../core/weights/blocks";
import { cacheKey, headCache } from "../../core/weights/head-cache";
import type { HeadWeights } from "../../core/weights/head-weights";
import { isLong, storedKind } from "../../core/weights/map-size";
import { decodeVectors, type VectorFrame } from "../../core/weights/vector-frames";
import { type HeadVectors, joinVectors, vectorCache, vectorKey } from "../../core/weights/vectors";
import { KernelChannel } from "./kernel-channel";
import { KernelTiles } from "./kernel-tiles";
import { mapsOf } from "./maps";

/** The default size of the cache for one capture's weights, in bytes; half as much is for its queries and keys. */
const CACHE_BYTES = 64 * 1024 * 1024;

/** Weights from a running kernel, cached in this page's memory. All views of a capture share one source. */
export class KernelSource implements Source {
  readonly #model: AnyModel<StoreTraits>;
  readonly #kernel: KernelChannel;
  readonly #cache = headCache(CACHE_BYTES);
  readonly #vectors = vectorCache(CACHE_BYTES / 2);
  readonly #tiles: KernelTiles;
  /** Views of one page need the same overviews, so they share one request. */
  readonly #overviews = new SingleFlight<HeadWeights[]>();
  /** The buffers of the traitlets that the cache already holds. */
  readonly #seen = new Map<"block" | "overview", DataView>();

  constructor(model: AnyModel<StoreTraits>, signal: AbortSignal) {
    this.#model = model;
    this.#kernel = new KernelChannel(model, signal);
    this.#tiles = new KernelTiles(this.#kernel, this.#cache);
  }

  get status(): ReadonlySignal<Status> {
    return this.#kernel.status;
  }

  /** The memory that weights of all kinds take, in bytes. */
  get bytes(): number {
    return this.#cache.bytes;
  }

  /** Caches at most this many bytes of weights, and half as many of queries and keys. */
  limitMemory(bytes: number): void {
    this.#cache.maxBytes = bytes;
    this.#vectors.maxBytes = bytes / 2;
  }

  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined {
    const key = cacheKey(storedKind(kind, this.#description(map)), map, layer, head);
    const cached = this.#cache.get(key);
    if (cached) return cached;
    this.#takeTraits();
    return this.#cache.get(key) ?? this.#composed(kind, map, layer, head);
  }

  fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    return this.#heads(request, signal, true);
  }

  async vectors(request: VectorRequest, signal: AbortSignal): Promise<HeadVectors> {
    const cached = this.#vectors.get(vectorKey(request));
    return cached ?? this.#kernel.enqueue(() => this.#requestVectors(request), signal, true);
  }

  peekExcerpt: Source["peekExcerpt"] = (request) => this.#tiles.peekExcerpt(request);
  excerpt: Source["excerpt"] = (request, lane, signal) => this.#tiles.excerpt(request, lane, signal);
  peekTile: Source["peekTile"] = (tile) => this.#tiles.peekTile(tile);
  tiles: Source["tiles"] = (request, lane, take, signal) => this.#tiles.tiles(request, lane, take, signal);

  /** Loads heads into memory, after everything that a view waits for. */
  async prefetch(request: BlockRequest, signal: AbortSignal): Promise<void> {
    await this.#heads(request, signal, false);
  }

  async #heads(request: BlockRequest, signal: AbortSignal, urgent: boolean): Promise<HeadWeights[]> {
    const known = this.#known(request);
    if (known.size === request.heads.length) return inOrder(request, known);
    if (request.kind === "overview" && isLong(this.#description(request.map)))
      return this.#requestOverviews(request, signal);
    return this.#kernel.enqueue(() => this.#requestHeads(request), signal, urgent);
  }

  /** Requests overviews that take the kernel long, without holding up other requests. */
  async #requestOverviews(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    const name = JSON.stringify(request);
    return this.#overviews.join(
      name,
      async (until) => {
        const heads = this.#known(request);
        const missing = request.heads.filter((head) => !heads.has(head));
        const question = { type: "request", later: true, view: "", request: { ...request, heads: missing } } as const;
        const begin = () => (buffer: DataView) => this.#take(buffer, new HeadAssembler(), heads);
        await this.#kernel.requestLater(question, name, begin, until);
        return inOrder(request, heads);
      },
      signal,
    );
  }

  /** A head of the picture of all whose parts are in memory. */
  #composed(kind: BlockKind, name: string, layer: number, head: number): HeadWeights | undefined {
    const map = this.#description(name);
    if (!isComposed(map) || storedKind(kind, map) === "overview") return undefined;
    const describe = (part: string) => this.#description(part);
    const weights = peekComposed(map, layer, head, describe, (part) => this.peek("block", part, layer, head));
    if (weights) this.#cache.set(cacheKey("block", name, layer, head), weights);
    return weights;
  }

  #known({ kind, map, layer, heads }: BlockRequest): Map<number, HeadWeights> {
    const known = heads.map((head) => [head, this.peek(kind, map, layer, head)] as const);
    return new Map(known.filter((entry): entry is [number, HeadWeights] => entry[1] !== undefined));
  }

  /** Requests the heads that have not arrived while the request waited for its turn. */
  async #requestHeads(request: BlockRequest): Promise<HeadWeights[]> {
    const heads = this.#known(request);
    const missing = request.heads.filter((head) => !heads.has(head));
    if (missing.length === 0) return inOrder(request, heads);
    await this.#kernel.request({ type: "request", request: { ...request, heads: missing } }, () => {
      const assembler = new HeadAssembler();
      return (buffer) => this.#take(buffer, assembler, heads);
    });
    return inOrder(request, heads);
  }

  async #requestVectors(request: VectorRequest): Promise<HeadVectors> {
    const cached = this.#vectors.get(vectorKey(request));
    if (cached) return cached;
    let frames: VectorFrame[] = [];
    await this.#kernel.request({ type: "vectors", request }, () => {
      frames = [];
      return (buffer) => void frames.push(...decodeVectors(buffer));
    });
    const vectors = joinVectors(frames, request, this.#description(request.map).key_tokens.length);
    this.#vectors.set(vectorKey(request), vectors);
    return vectors;
  }

  /** Caches the contents of the traitlets, once for each new value. */
  #takeTraits(): void {
    for (const name of ["block", "overview"] as const) {
      const buffer = this.#model.get(name);
      if (!buffer || buffer.byteLength === 0 || buffer === this.#seen.get(name)) continue;
      this.#seen.set(name, buffer);
      try {
        this.#take(buffer, new HeadAssembler());
      } catch {
        // A traitlet may be unreadable, as in a notebook saved by another version. Then the kernel is asked instead.
      }
    }
  }

  #take(buffer: DataView, assembler: HeadAssembler, into?: Map<number, HeadWeights>): void {
    for (const block of decodeBlocks(buffer)) {
      const { kind, map, layer } = block.header;
      for (const { head, weights } of assembler.add(block, this.#description(map).query_tokens.length)) {
        this.#cache.set(cacheKey(kind, map, layer, head), weights);
        into?.set(head, weights);
      }
    }
  }

  #description(map: string): MapDescription {
    const description = mapsOf(this.#model).find(({ name }) => name === map);
    if (!description) throw new Error(`This capture has no attention map "${map}".`);
    return description;
  }
}

function inOrder(request: BlockRequest, heads: ReadonlyMap<number, HeadWeights>): HeadWeights[] {
  return request.heads.map((head) => {
    const weights = heads.get(head);
    if (!weights) throw new Error(`The kernel's answer lacks head ${head} of layer ${request.layer}.`);
    return weights;
  });
}
