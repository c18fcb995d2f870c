import type { BlockKind, BlockRequest, MapInfo, VectorRequest } from "../contract.gen";
import { HeadAssembler } from "../core/assemble";
import { decodeBlocks } from "../core/blocks";
import { cacheKey, HeadCache } from "../core/cache";
import type { HeadWeights } from "../core/head-weights";
import { heldAs } from "../core/overview";
import type { Source } from "../core/source";
import { type HeadVectors, joinVectors } from "../core/vectors";
import { VectorCache } from "../core/vectors-cache";
import { decodeVectors, type VectorFrame } from "../core/vectors-frames";

/** A page keeps what it has unpacked up to this size; the rest is unpacked again when it is wanted. */
const CACHE_BYTES = 256 * 1024 * 1024;
const VECTOR_BYTES = 64 * 1024 * 1024;

/**
 * Weights that a standalone page carries: one `<script type="text/plain">` a layer, holding its encoded blocks as
 * gzip in base64. A layer is unpacked when it is first wanted.
 */
export class EmbeddedSource implements Source {
  readonly #cache = new HeadCache(CACHE_BYTES);
  readonly #vectors = new VectorCache(VECTOR_BYTES);
  /** The layer unpacked last: the reader goes on to another of its heads, more often than not. */
  #unpacked: { readonly id: string; readonly frames: Promise<readonly VectorFrame[]> } | null = null;
  readonly #page: string;
  readonly #maps: readonly MapInfo[];

  /** `page` is the prefix of the ids of the page's parts. */
  constructor(page: string, maps: readonly MapInfo[]) {
    this.#page = page;
    this.#maps = maps;
  }

  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined {
    return this.#cache.get(cacheKey(heldAs(kind, this.#info(map)), map, layer, head));
  }

  async fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    signal.throwIfAborted();
    const heads = await this.#unpack(request);
    signal.throwIfAborted();
    return request.heads.map((head) => {
      const weights = heads.get(head);
      if (!weights) throw new Error(`This page does not hold head ${head} of layer ${request.layer}.`);
      return weights;
    });
  }

  async vectors(request: VectorRequest, signal: AbortSignal): Promise<HeadVectors> {
    signal.throwIfAborted();
    const kept = this.#vectors.get(request);
    if (kept) return kept;
    const frames = await this.#frames(request);
    signal.throwIfAborted();
    const vectors = joinVectors(frames, request, this.#info(request.map).key_tokens.length);
    this.#vectors.set(request, vectors);
    return vectors;
  }

  #frames({ map, layer }: VectorRequest): Promise<readonly VectorFrame[]> {
    const id = `${map} ${layer}`;
    if (this.#unpacked?.id !== id) {
      const frames = this.#text("vectors", map, layer).then(inflate).then(decodeVectors);
      this.#unpacked = { id, frames };
      frames.catch(() => {
        this.#unpacked = null;
      });
    }
    return this.#unpacked.frames;
  }

  #info(map: string): MapInfo {
    const info = this.#maps.find(({ name }) => name === map);
    if (!info) throw new Error(`This page has no attention map "${map}".`);
    return info;
  }

  async #unpack({ kind: wanted, map, layer }: BlockRequest): Promise<Map<number, HeadWeights>> {
    const info = this.#info(map);
    const kind = heldAs(wanted, info);
    const heads = new Map<number, HeadWeights>();
    const assembler = new HeadAssembler();
    for (const block of decodeBlocks(await inflate(await this.#text(kind, map, layer)))) {
      for (const { head, weights } of assembler.add(block, info.query_tokens.length)) {
        heads.set(head, weights);
        this.#cache.set(cacheKey(kind, map, layer, head), weights);
      }
    }
    return heads;
  }

  /** The first picture is drawn while the browser still reads the rest of a large page. */
  async #text(kind: BlockKind | "vectors", map: string, layer: number): Promise<string> {
    const id = `${this.#page}-${kind}-${map}-${layer}`;
    if (!document.getElementById(id) && document.readyState === "loading") await parsed();
    const text = document.getElementById(id)?.textContent;
    const what = kind === "vectors" ? "the queries and keys of layer" : "layer";
    if (!text) throw new Error(`This page does not hold ${what} ${layer} of "${map}".`);
    return text;
  }
}

function parsed(): Promise<void> {
  return new Promise((resolve) => document.addEventListener("DOMContentLoaded", () => resolve(), { once: true }));
}

function inflate(base64: string): Promise<ArrayBuffer> {
  const binary = atob(base64);
  // A loop: `Uint8Array.from` with a function takes ten times as long.
  const packed = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) packed[at] = binary.charCodeAt(at);
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
