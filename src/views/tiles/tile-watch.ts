import { computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { Source } from "../../core/state/source";
import type { HeadWeights } from "../../core/weights/head-weights";
import { nextFrame } from "../../dom/next-frame";
import { childOf, effectUntil } from "../../dom/until";
import { failed, PENDING, type Progress, READY, startWaiting } from "../fetch/progress";
import { RecentTiles, type TileName } from "./recent-tiles";
import { type RunningTileRequest, requestTiles } from "./tile-request";

export interface TileWatch {
  /** A tile if it is in memory. An effect that calls this follows the tiles that arrive. */
  find(tile: TileName): HeadWeights | undefined;
  /** The requested tiles that have not arrived. */
  readonly lacking: ReadonlySignal<readonly TileName[]>;
  readonly progress: ReadonlySignal<Progress>;
}

/**
 * Follows `requested`, most urgent tiles first, and requests the missing ones in one request at a time. The running
 * request continues as long as its next tile is wanted; otherwise a map that moves all the time would never get a tile.
 */
export function watchTiles(
  source: Source,
  requested: ReadonlySignal<readonly TileName[]>,
  signal: AbortSignal,
): TileWatch {
  const lane = Math.random().toString(36).slice(2);
  const shelf = new RecentTiles(source);
  const arrived = signalOf(0);
  const waiting = signalOf<Progress>(PENDING);
  const problem = signalOf<Progress | null>(null);
  let running: RunningTileRequest | null = null;
  let wait: AbortController | null = null;

  const find = (tile: TileName) => {
    void arrived.value;
    return shelf.get(tile);
  };
  const lacking = computed(() => requested.value.filter((tile) => !find(tile)));
  const publish = () => {
    if (!signal.aborted) arrived.value++;
  };
  let isDue = false;
  const publishSoon = () => {
    if (isDue) return;
    isDue = true;
    nextFrame(() => {
      isDue = false;
      publish();
    });
  };
  const look = () => {
    const [first, ...rest] = lacking.peek();
    if (!first) {
      wait?.abort();
      wait = null;
    } else if (!wait) {
      wait = childOf(signal);
      startWaiting(waiting, wait.signal);
    }
    if (running?.isFor(lacking.peek())) return;
    running?.stop();
    running = first && !problem.peek() ? ask([first, ...rest]) : null;
  };
  const ask = (tiles: readonly [TileName, ...TileName[]]) =>
    requestTiles(
      source,
      shelf,
      tiles,
      lane,
      {
        came: publishSoon,
        done: () => {
          running = null;
          publish();
        },
        failed: (error) => {
          running = null;
          problem.value = failed(error, () => {
            problem.value = null;
            look();
          });
        },
      },
      signal,
    );

  let before = requested.peek();
  effectUntil(signal, () => {
    void lacking.value;
    untracked(() => {
      if (before !== requested.peek()) {
        before = requested.peek();
        problem.value = null;
        shelf.tidy();
      }
      look();
    });
  });
  return {
    find,
    lacking,
    progress: computed(() => (lacking.value.length === 0 ? READY : (problem.value ?? waiting.value))),
  };
}
