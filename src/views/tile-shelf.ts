import type { HeadWeights } from "../core/head-weights";
import type { Source } from "../core/source";
import { type Tile, tileKey } from "../core/tiles";

/** Which tile of which head, pooled how. */
export type TileName = Omit<Tile, "weights">;

/**
 * The tiles that a view draws from: those of the source's memory, and those that it has drawn lately, so that what is on
 * screen stays there whatever else the memory takes in.
 */
export class TileShelf {
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

  /** Lets go what was not used since the last call. */
  tidy(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
