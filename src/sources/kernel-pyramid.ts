import type { ExcerptRequest, TileRequest } from "../contract.gen";
import { decodeFrames, headsOf } from "../core/blocks";
import { excerptKeys, type HeadCache } from "../core/cache";
import type { HeadWeights } from "../core/head-weights";
import type { Source } from "../core/source";
import { type Tile, tileKey, tilesOf } from "../core/tiles";
import type { Conversation } from "./conversation";

type Take = (tile: Tile) => void;

/** Excerpts and tiles from a running kernel, kept in a page's memory beside whole heads. */
export class KernelPyramid implements Pick<Source, "peekExcerpt" | "excerpt" | "peekTile" | "tiles"> {
  readonly #kernel: Conversation;
  readonly #cache: HeadCache;

  constructor(kernel: Conversation, cache: HeadCache) {
    this.#kernel = kernel;
    this.#cache = cache;
  }

  peekExcerpt(request: ExcerptRequest): readonly (HeadWeights | undefined)[] {
    const keyOf = excerptKeys(request);
    return request.heads.map((head) => this.#cache.get(keyOf(head)));
  }

  async excerpt(request: ExcerptRequest, lane: string, signal: AbortSignal): Promise<HeadWeights[]> {
    const keyOf = excerptKeys(request);
    const known = this.peekExcerpt(request);
    const found = new Map(request.heads.flatMap((head, at) => (known[at] ? [[head, known[at]] as const] : [])));
    const heads = request.heads.filter((head) => !found.has(head));
    const take = (buffer: DataView) => {
      for (const { head, weights } of decodeFrames(buffer, ["excerpt"]).flatMap(headsOf)) {
        this.#cache.set(keyOf(head), weights);
        found.set(head, weights);
      }
    };
    if (heads.length > 0) {
      await this.#kernel.askLater(
        { type: "excerpt", view: "", request: { ...request, heads } },
        lane,
        () => take,
        signal,
      );
    }
    return request.heads.map((head) => {
      const weights = found.get(head);
      if (!weights) throw new Error(`The kernel's answer lacks head ${head} of layer ${request.layer}.`);
      return weights;
    });
  }

  peekTile(tile: Omit<Tile, "weights">): HeadWeights | undefined {
    return this.#cache.get(tileKey(tile));
  }

  async tiles(request: TileRequest, lane: string, take: Take, signal: AbortSignal): Promise<void> {
    const missing: TileRequest["tiles"] = [];
    for (const place of request.tiles) {
      const here = tilesOf({ ...request, tiles: [place] }).map((tile) => ({ tile, weights: this.peekTile(tile) }));
      if (here.some(({ weights }) => !weights)) missing.push(place);
      else for (const { tile, weights } of here) take({ ...tile, weights: weights as HeadWeights });
    }
    if (missing.length === 0) return;
    const question = { type: "tiles", view: "", request: { ...request, tiles: missing } } as const;
    await this.#kernel.askLater(question, lane, () => (buffer) => this.#takeTiles(buffer, take), signal);
  }

  #takeTiles(buffer: DataView, take: Take): void {
    for (const frame of decodeFrames(buffer, ["tile"])) {
      const { map, layer, level, row, column, pool } = frame.header;
      for (const { head, weights } of headsOf(frame)) {
        const tile = { map, layer, head, level, row, column, pool, weights };
        this.#cache.set(tileKey(tile), weights);
        take(tile);
      }
    }
  }
}
