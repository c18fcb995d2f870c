import type { Source } from "../../core/state/source";
import { type Tile, tileKey } from "../../core/tiles/tiles";
import type { HeadWeights } from "../../core/weights/head-weights";

/** The address of a tile: head, place and pooling. */
export type TileName = Omit<Tile, "weights">;

/**
 * The tiles that a view draws from: those in the source's memory, and those that it has drawn lately. So a tile on
 * screen stays even if the source evicts it.
 */
export class RecentTiles {
  readonly #source: Pick<Source, "peekTile">;
  #now = new Map<string, HeadWeights>();
  #before = new Map<string, HeadWeights>();

  constructor(source: Pick<Source, "peekTile">) {
    this.#source = source;
  }

  get(tile: TileName): HeadWeights | undefined {
    const key = tileKey(tile);
    const known = this.#now.get(key);
    if (known) return known;
    const found = this.#before.get(key) ?? this.#source.peekTile(tile);
    if (found) this.#now.set(key, found);
    return found;
  }

  put(tile: Tile): void {
    this.#now.set(tileKey(tile), tile.weights);
  }

  /** Drops the tiles that were not used since the last call. */
  tidy(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
