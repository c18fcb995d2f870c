import type { TileRequest } from "../../contract.gen";
import type { Source } from "../../core/state/source";
import { tileKey, tilesOf } from "../../core/tiles/tiles";
import { childOf } from "../../dom/until";
import type { RecentTiles, TileName } from "./recent-tiles";

/** A request for tiles under way. */
export interface RunningTileRequest {
  /** Whether the next tile to arrive is one of these. */
  isFor(tiles: readonly TileName[]): boolean;
  stop(): void;
}

/** Callbacks for the outcome of a request. */
interface Outcome {
  /** Some tiles have arrived. */
  readonly came: () => void;
  /** All tiles have arrived. */
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Requests as many tiles as one request can name, and stores them on the shelf. */
export function requestTiles(
  source: Source,
  shelf: RecentTiles,
  requested: readonly [TileName, ...TileName[]],
  lane: string,
  outcome: Outcome,
  signal: AbortSignal,
): RunningTileRequest {
  const turn = childOf(signal);
  const request = requestOf(requested);
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

/** One request for all tiles that differ from the first only in head and place. */
function requestOf(requested: readonly [TileName, ...TileName[]]): TileRequest {
  const { map, layer, pool } = requested[0];
  const together = requested.filter((one) => one.map === map && one.layer === layer && one.pool === pool);
  const places = new Map<string, number[]>();
  for (const { level, row, column } of together) places.set([level, row, column].join(), [level, row, column]);
  return {
    ...{ map, layer, pool },
    heads: [...new Set(together.map(({ head }) => head))],
    tiles: [...places.values()],
  };
}
