import type { BlockHeader, BlockKind, BlockRequest, MapInfo, VectorRequest } from "../contract.gen";
import { HeadAssembler } from "../core/assemble";
import { decodeBlocks } from "../core/blocks";
import { cacheKey, HeadCache } from "../core/cache";
import type { HeadWeights } from "../core/head-weights";
import { heldAs } from "../core/overview";
import type { Source } from "../core/source";
import { type HeadVectors, joinVectors } from "../core/vectors";
import { VectorCache } from "../core/vectors-cache";
import { decodeVectors, type VectorFrame } from "../core/vectors-frames";
import { ofWholeHeads } from "../core/whole-heads";
import { type Carrier, unpacked } from "./packed";

/** A page keeps what it has unpacked up to this size; the rest is unpacked again when it is wanted. */
const CACHE_BYTES = 256 * 1024 * 1024;
const VECTOR_BYTES = 64 * 1024 * 1024;

/**
 * Weights that a standalone page or a snapshot carries, each layer's encoded blocks as gzip in base64. A layer is
 * unpacked when it is first wanted.
 */
export class EmbeddedSource implements Source {
  readonly #cache: HeadCache;
  readonly #vectors = new VectorCache(VECTOR_BYTES);
  /** What was unpacked last: the reader goes on to another head of the layer, more often than not. */
  #unpacked: { readonly packed: string; readonly frames: Promise<readonly VectorFrame[]> } | null = null;
  readonly #carrier: Carrier;
  readonly #maps: readonly MapInfo[];
  readonly #pooling = ofWholeHeads(this, (map) => this.#info(map));
  readonly peekExcerpt = this.#pooling.peekExcerpt;
  readonly excerpt = this.#pooling.excerpt;
  readonly peekTile = this.#pooling.peekTile;
  readonly tiles = this.#pooling.tiles;

  constructor(carrier: Carrier, maps: readonly MapInfo[], maxBytes = CACHE_BYTES) {
    this.#carrier = carrier;
    this.#maps = maps;
    this.#cache = new HeadCache(maxBytes);
  }

  /** The memory that weights take. */
  get bytes(): number {
    return this.#cache.bytes;
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

  #info(map: string): MapInfo {
    const info = this.#maps.find(({ name }) => name === map);
    if (!info) throw new Error(`This page has no attention map "${map}".`);
    return info;
  }

  async #unpack({ kind: wanted, map, layer, heads: names }: BlockRequest): Promise<Map<number, HeadWeights>> {
    const info = this.#info(map);
    const kind = heldAs(wanted, info);
    const heads = new Map<number, HeadWeights>();
    const assembler = new HeadAssembler();
    const packed = await this.#carrier.text(kind, map, layer, names);
    for (const block of decodeBlocks(await unpacked(packed, this.#carrier.maxBytes))) {
      checkPlace(block.header, info);
      for (const { head, weights } of assembler.add(block, info.query_tokens.length)) {
        heads.set(head, weights);
        this.#cache.set(cacheKey(kind, map, layer, head), weights);
      }
    }
    return heads;
  }
}

/** What stands in a page or a notebook may have any origin: views count on weights for each of the map's tokens. */
function checkPlace({ kind, queries, keys }: BlockHeader, { name, query_tokens, key_tokens }: MapInfo): void {
  const isWhole = keys[0] === 0 && keys[1] === key_tokens.length && (queries[1] as number) <= query_tokens.length;
  if (!isWhole || (kind === "overview" && (queries[0] !== 0 || queries[1] !== query_tokens.length))) {
    throw new Error(`These weights do not fit the tokens of "${name}".`);
  }
}
