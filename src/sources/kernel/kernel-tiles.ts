import type { ExcerptRequest, TileRequest } from "../../contract.gen";
import type { Source } from "../../core/state/source";
import { type TakeTile, type TileAddress, tileKey, tilesOf } from "../../core/tiles/tiles";
import { decodeFrames, headsOf } from "../../core/weights/blocks";
import { excerptKeys, type HeadCache } from "../../core/weights/head-cache";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { KernelChannel } from "./kernel-channel";

/** Excerpts and tiles from a running kernel, cached beside whole heads. */
export class KernelTiles implements Pick<Source, "peekExcerpt" | "excerpt" | "peekTile" | "tiles"> {
  readonly #kernel: KernelChannel;
  readonly #cache: HeadCache;

  constructor(kernel: KernelChannel, cache: HeadCache) {
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
      await this.#kernel.requestLater(
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

  peekTile(tile: TileAddress): HeadWeights | undefined {
    return this.#cache.get(tileKey(tile));
  }

  async tiles(request: TileRequest, lane: string, take: TakeTile, signal: AbortSignal): Promise<void> {
    const missing: TileRequest["tiles"] = [];
    for (const place of request.tiles) {
      const here = tilesOf({ ...request, tiles: [place] }).map((tile) => ({ tile, weights: this.peekTile(tile) }));
      if (here.some(({ weights }) => !weights)) missing.push(place);
      else for (const { tile, weights } of here) take({ ...tile, weights: weights as HeadWeights });
    }
    if (missing.length === 0) return;
    const question = { type: "tiles", view: "", request: { ...request, tiles: missing } } as const;
    await this.#kernel.requestLater(question, lane, () => (buffer) => this.#takeTiles(buffer, take), signal);
  }

  #takeTiles(buffer: DataView, take: TakeTile): void {
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
