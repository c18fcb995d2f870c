import type { TileBins } from "./tile-bins";
import { rowsAtOnce } from "./weights-codes";
import { MissingRows, type WeightRows } from "./weights-rows";

/** Fills tiles of the same queries from `start` up to `stop`, a few rows at a time, each computed once for all of them. */
export function* fillTiles(rows: WeightRows, tiles: readonly TileBins[], start: number, stop: number): Generator<void> {
  if (rows instanceof MissingRows) return;
  const [low, high] = keysOf(tiles);
  const step = Math.min(stop - start, rowsAtOnce(rows, rows.isDivisible(start, stop) ? high - low : rows.numKeys));
  const part = new Float32Array(step * (high - low));
  for (let first = start; first < stop; first += step) {
    const last = Math.min(first + step, stop);
    rows.write(first, last, part, low, high);
    for (let query = first; query < last; query++) {
      const base = (query - first) * (high - low) - low;
      for (const tile of tiles) tile.add(query, part, base);
    }
    yield;
  }
}

/** The keys from the first that any of these tiles covers up to the last, half-open. */
export function keysOf(tiles: readonly TileBins[]): readonly [number, number] {
  return [Math.min(...tiles.map(({ keys }) => keys.start)), Math.max(...tiles.map(({ keys }) => keys.stop))];
}
