import type { TileRequest } from "../contract.gen";
import type { Source } from "../core/source";
import { tileKey, tilesOf } from "../core/tiles";
import { childOf } from "../dom/until";
import type { TileName, TileShelf } from "./tile-shelf";

/** Tiles that are on their way. */
export interface TileAsking {
  /** Whether the tile that comes next is one of these. */
  isFor(tiles: readonly TileName[]): boolean;
  stop(): void;
}

/** What becomes of the tiles that were asked for. */
interface Outcome {
  /** Some have come. */
  readonly came: () => void;
  /** All have come. */
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Asks for tiles, as many as one request can name, and puts them on the shelf. */
export function askForTiles(
  source: Source,
  shelf: TileShelf,
  wanted: readonly [TileName, ...TileName[]],
  lane: string,
  outcome: Outcome,
  signal: AbortSignal,
): TileAsking {
  const turn = childOf(signal);
  const request = requestOf(wanted);
  const coming = new Set(tilesOf(request).map(tileKey));
  const take: Parameters<Source["tiles"]>[2] = (tile) => {
    if (turn.signal.aborted) return;
    shelf.put(tile);
    coming.delete(tileKey(tile));
    outcome.came();
  };
  const settle = (then: () => void) => {
    if (turn.signal.aborted) return;
    turn.abort();
    then();
  };
  source.tiles(request, lane, take, turn.signal).then(
    () => settle(() => (coming.size > 0 ? outcome.failed(new Error(LACKING)) : outcome.done())),
    (error: unknown) => settle(() => outcome.failed(error)),
  );
  return {
    isFor: (tiles) => {
      const [next] = coming;
      return tiles.some((tile) => tileKey(tile) === next);
    },
    stop: () => turn.abort(),
  };
}

const LACKING = "The answer lacks a part of the map.";

/** All that differ from the first in head and place alone. */
function requestOf(wanted: readonly [TileName, ...TileName[]]): TileRequest {
  const { map, layer, pool } = wanted[0];
  const together = wanted.filter((one) => one.map === map && one.layer === layer && one.pool === pool);
  const places = new Map<string, number[]>();
  for (const { level, row, column } of together) places.set([level, row, column].join(), [level, row, column]);
  return {
    ...{ map, layer, pool },
    heads: [...new Set(together.map(({ head }) => head))],
    tiles: [...places.values()],
  };
}
