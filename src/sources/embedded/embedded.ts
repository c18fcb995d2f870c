import type { BlockHeader, BlockKind, BlockRequest, MapDescription, VectorRequest } from "../../contract.gen";
import { fetchComposed } from "../../core/composed/composed-heads";
import { isComposed } from "../../core/composed/composed-map";
import type { Source } from "../../core/state/source";
import { HeadAssembler } from "../../core/weights/assemble";
import { decodeBlocks } from "../../core/weights/blocks";
import { cacheKey, type HeadCache, headCache } from "../../core/weights/head-cache";
import type { HeadWeights } from "../../core/weights/head-weights";
import { storedKind } from "../../core/weights/map-size";
import { decodeVectors, type VectorFrame } from "../../core/weights/vector-frames";
import { type HeadVectors, joinVectors, vectorCache, vectorKey } from "../../core/weights/vectors";
import { type Carrier, unpacked } from "./packed";
import { ofWholeHeads } from "./whole-heads";

/** A page caches up to this many unpacked bytes; the rest is unpacked again on demand. */
const CACHE_BYTES = 256 * 1024 * 1024;
const VECTOR_BYTES = 64 * 1024 * 1024;

/**
 * The weights in a standalone page or a snapshot: the encoded blocks of each layer, as gzip in base64. A layer is
 * unpacked at the first request for it.
 */
export class EmbeddedSource implements Source {
  readonly #cache: HeadCache;
  readonly #vectors = vectorCache(VECTOR_BYTES);
  /** The frames that were unpacked last, because the reader usually moves on to another head of the layer. */
  #unpacked: { readonly packed: string; readonly frames: Promise<readonly VectorFrame[]> } | null = null;
  readonly #carrier: Carrier;
  readonly #maps: readonly MapDescription[];
  readonly #pooling = ofWholeHeads(this, (map) => this.#description(map));
  readonly peekExcerpt = this.#pooling.peekExcerpt;
  readonly excerpt = this.#pooling.excerpt;
  readonly peekTile = this.#pooling.peekTile;
  readonly tiles = this.#pooling.tiles;

  constructor(carrier: Carrier, maps: readonly MapDescription[], maxBytes = CACHE_BYTES) {
    this.#carrier = carrier;
    this.#maps = maps;
    this.#cache = headCache(maxBytes);
  }

  /** The memory that weights take, in bytes. */
  get bytes(): number {
    return this.#cache.bytes;
  }

  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined {
    return this.#cache.get(cacheKey(storedKind(kind, this.#description(map)), map, layer, head));
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
    const cached = this.#vectors.get(vectorKey(request));
    if (cached) return cached;
    const frames = await this.#frames(request);
    signal.throwIfAborted();
    const vectors = joinVectors(frames, request, this.#description(request.map).key_tokens.length);
    this.#vectors.set(vectorKey(request), vectors);
    return vectors;
  }

  async #frames({ map, layer, head }: VectorRequest): Promise<readonly VectorFrame[]> {
    const packed = await this.#carrier.text("vectors", map, layer, [head]);
    if (this.#unpacked?.packed !== packed) {
      const frames = unpacked(packed, this.#carrier.maxBytes).then(decodeVectors);
      this.#unpacked = { packed, frames };
      frames.catch(() => {
        this.#unpacked = null;
      });
    }
    return this.#unpacked.frames;
  }

  #description(map: string): MapDescription {
    const description = this.#maps.find(({ name }) => name === map);
    if (!description) throw new Error(`This page has no attention map "${map}".`);
    return description;
  }

  async #unpack({ kind: wanted, map, layer, heads: names }: BlockRequest): Promise<Map<number, HeadWeights>> {
    const description = this.#description(map);
    const kind = storedKind(wanted, description);
    if (isComposed(description) && !this.#carrier.has(kind, map, layer, names)) {
      return this.#compose(description, { kind, map, layer, heads: names });
    }
    const heads = new Map<number, HeadWeights>();
    const assembler = new HeadAssembler();
    const packed = await this.#carrier.text(kind, map, layer, names);
    for (const block of decodeBlocks(await unpacked(packed, this.#carrier.maxBytes))) {
      checkPlace(block.header, description);
      for (const { head, weights } of assembler.add(block, description.query_tokens.length)) {
        heads.set(head, weights);
        this.#cache.set(cacheKey(kind, map, layer, head), weights);
      }
    }
    return heads;
  }

  /** Composes heads of the picture of all, which pages hold in its parts alone. */
  async #compose(map: MapDescription, request: BlockRequest): Promise<Map<number, HeadWeights>> {
    const found = await fetchComposed(
      map,
      request,
      (part) => this.#description(part),
      (part) => this.fetch(part, new AbortController().signal),
    );
    const heads = new Map(request.heads.map((head, at) => [head, found[at] as HeadWeights]));
    for (const [head, weights] of heads)
      this.#cache.set(cacheKey(request.kind, map.name, request.layer, head), weights);
    return heads;
  }
}

/**
 * Checks that a block fits its map. The contents of a page or a notebook may be of any origin, and views need weights
 * for each token.
 */
function checkPlace({ kind, queries, keys }: BlockHeader, { name, query_tokens, key_tokens }: MapDescription): void {
  const isWhole = keys[0] === 0 && keys[1] === key_tokens.length && (queries[1] as number) <= query_tokens.length;
  if (!isWhole || (kind === "overview" && (queries[0] !== 0 || queries[1] !== query_tokens.length))) {
    throw new Error(`These weights do not fit the tokens of "${name}".`);
  }
}
