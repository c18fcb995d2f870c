import type { AnyModel } from "@anywidget/types";
import type { ReadonlySignal } from "@preact/signals-core";
import type { BlockKind, BlockRequest, MapInfo, StoreTraits, VectorRequest } from "../contract.gen";
import { HeadAssembler } from "../core/assemble";
import { decodeBlocks } from "../core/blocks";
import { cacheKey, HeadCache } from "../core/cache";
import type { Status } from "../core/context";
import type { HeadWeights } from "../core/head-weights";
import { isLong } from "../core/long";
import { heldAs } from "../core/overview";
import { SharedWork } from "../core/shared-work";
import type { Source } from "../core/source";
import { type HeadVectors, joinVectors } from "../core/vectors";
import { VectorCache } from "../core/vectors-cache";
import { decodeVectors, type VectorFrame } from "../core/vectors-frames";
import { Conversation } from "./conversation";
import { KernelPyramid } from "./kernel-pyramid";
import { mapsOf } from "./maps";

/** What this page keeps of the weights of one capture, unless told otherwise; half as much of its queries and keys. */
const CACHE_BYTES = 64 * 1024 * 1024;

/** Weights from a running kernel, kept in this page's memory: one for all views of a capture. */
export class KernelSource implements Source {
  readonly #model: AnyModel<StoreTraits>;
  readonly #kernel: Conversation;
  readonly #cache = new HeadCache(CACHE_BYTES);
  readonly #vectors = new VectorCache(CACHE_BYTES / 2);
  readonly #pyramid: KernelPyramid;
  /** Views of one page want the same overviews: the kernel is asked once. */
  readonly #overviews = new SharedWork<HeadWeights[]>();
  /** The traitlets' buffers that the cache has taken in. */
  readonly #seen = new Map<"block" | "overview", DataView>();

  constructor(model: AnyModel<StoreTraits>, signal: AbortSignal) {
    this.#model = model;
    this.#kernel = new Conversation(model, signal);
    this.#pyramid = new KernelPyramid(this.#kernel, this.#cache);
  }

  get status(): ReadonlySignal<Status> {
    return this.#kernel.status;
  }

  /** The memory that weights take, all kinds of them. */
  get bytes(): number {
    return this.#cache.bytes;
  }

  /** Keeps at most this many bytes of weights, and half as many of queries and keys. */
  keep(bytes: number): void {
    this.#cache.maxBytes = bytes;
    this.#vectors.maxBytes = bytes / 2;
  }

  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined {
    const key = cacheKey(heldAs(kind, this.#info(map)), map, layer, head);
    const kept = this.#cache.get(key);
    if (kept) return kept;
    this.#takeTraits();
    return this.#cache.get(key);
  }

  fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    return this.#heads(request, signal, true);
  }

  async vectors(request: VectorRequest, signal: AbortSignal): Promise<HeadVectors> {
    const kept = this.#vectors.get(request);
    return kept ?? this.#kernel.inTurn(() => this.#askVectors(request), signal, true);
  }

  peekExcerpt: Source["peekExcerpt"] = (request) => this.#pyramid.peekExcerpt(request);
  excerpt: Source["excerpt"] = (request, lane, signal) => this.#pyramid.excerpt(request, lane, signal);
  peekTile: Source["peekTile"] = (tile) => this.#pyramid.peekTile(tile);
  tiles: Source["tiles"] = (request, lane, take, signal) => this.#pyramid.tiles(request, lane, take, signal);

  /** Brings heads into memory, behind everything that a view waits for. */
  async prefetch(request: BlockRequest, signal: AbortSignal): Promise<void> {
    await this.#heads(request, signal, false);
  }

  async #heads(request: BlockRequest, signal: AbortSignal, urgent: boolean): Promise<HeadWeights[]> {
    const known = this.#known(request);
    if (known.size === request.heads.length) return inOrder(request, known);
    if (request.kind === "overview" && isLong(this.#info(request.map))) return this.#askLater(request, signal);
    return this.#kernel.inTurn(() => this.#ask(request), signal, urgent);
  }

  /** Asks for overviews that take the kernel long: other questions are answered meanwhile. */
  async #askLater(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    const name = JSON.stringify(request);
    return this.#overviews.join(
      name,
      async (until) => {
        const heads = this.#known(request);
        const missing = request.heads.filter((head) => !heads.has(head));
        const question = { type: "request", later: true, view: "", request: { ...request, heads: missing } } as const;
        const begin = () => (buffer: DataView) => this.#take(buffer, new HeadAssembler(), heads);
        await this.#kernel.askLater(question, name, begin, until);
        return inOrder(request, heads);
      },
      signal,
    );
  }

  #known({ kind, map, layer, heads }: BlockRequest): Map<number, HeadWeights> {
    const known = heads.map((head) => [head, this.peek(kind, map, layer, head)] as const);
    return new Map(known.filter((entry): entry is [number, HeadWeights] => entry[1] !== undefined));
  }

  /** Asks the kernel for what has not arrived while the request waited for its turn. */
  async #ask(request: BlockRequest): Promise<HeadWeights[]> {
    const heads = this.#known(request);
    const missing = request.heads.filter((head) => !heads.has(head));
    if (missing.length === 0) return inOrder(request, heads);
    await this.#kernel.ask({ type: "request", request: { ...request, heads: missing } }, () => {
      const assembler = new HeadAssembler();
      return (buffer) => this.#take(buffer, assembler, heads);
    });
    return inOrder(request, heads);
  }

  async #askVectors(request: VectorRequest): Promise<HeadVectors> {
    const kept = this.#vectors.get(request);
    if (kept) return kept;
    let frames: VectorFrame[] = [];
    await this.#kernel.ask({ type: "vectors", request }, () => {
      frames = [];
      return (buffer) => void frames.push(...decodeVectors(buffer));
    });
    const vectors = joinVectors(frames, request, this.#info(request.map).key_tokens.length);
    this.#vectors.set(request, vectors);
    return vectors;
  }

  /** Takes in what the traitlets hold, once for each new value. */
  #takeTraits(): void {
    for (const name of ["block", "overview"] as const) {
      const buffer = this.#model.get(name);
      if (!buffer || buffer.byteLength === 0 || buffer === this.#seen.get(name)) continue;
      this.#seen.set(name, buffer);
      try {
        this.#take(buffer, new HeadAssembler());
      } catch {
        // A traitlet that can't be read, as in a notebook saved by another version, is no loss: the kernel is asked.
      }
    }
  }

  #take(buffer: DataView, assembler: HeadAssembler, into?: Map<number, HeadWeights>): void {
    for (const block of decodeBlocks(buffer)) {
      const { kind, map, layer } = block.header;
      for (const { head, weights } of assembler.add(block, this.#info(map).query_tokens.length)) {
        this.#cache.set(cacheKey(kind, map, layer, head), weights);
        into?.set(head, weights);
      }
    }
  }

  #info(map: string): MapInfo {
    const info = mapsOf(this.#model).find(({ name }) => name === map);
    if (!info) throw new Error(`This capture has no attention map "${map}".`);
    return info;
  }
}

function inOrder(request: BlockRequest, heads: ReadonlyMap<number, HeadWeights>): HeadWeights[] {
  return request.heads.map((head) => {
    const weights = heads.get(head);
    if (!weights) throw new Error(`The kernel's answer lacks head ${head} of layer ${request.layer}.`);
    return weights;
  });
}
