import { computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { HeadWeights } from "../core/head-weights";
import type { Source } from "../core/source";
import { nextFrame } from "../dom/frame";
import { childOf, effectUntil } from "../dom/until";
import { failed, PENDING, type Progress, READY, startWaiting } from "./progress";
import { askForTiles, type TileAsking } from "./tile-request";
import { type TileName, TileShelf } from "./tile-shelf";

export interface TileWatch {
  /** A tile if it is there. What calls this in an effect follows those that come. */
  find(tile: TileName): HeadWeights | undefined;
  /** Those that are wanted and not there yet. */
  readonly lacking: ReadonlySignal<readonly TileName[]>;
  readonly progress: ReadonlySignal<Progress>;
}

/**
 * Follows which tiles are wanted, most wanted first: asks for those that are not there, in one request at a time. What
 * is computed just now goes on as long as it is wanted, whatever else is: else a map that is moved without a pause
 * would never get a tile.
 */
export function watchTiles(
  source: Source,
  wanted: ReadonlySignal<readonly TileName[]>,
  signal: AbortSignal,
): TileWatch {
  const lane = Math.random().toString(36).slice(2);
  const shelf = new TileShelf(source);
  const arrived = signalOf(0);
  const waiting = signalOf<Progress>(PENDING);
  const problem = signalOf<Progress | null>(null);
  let asking: TileAsking | null = null;
  let wait: AbortController | null = null;

  const find = (tile: TileName) => {
    void arrived.value;
    return shelf.get(tile);
  };
  const lacking = computed(() => wanted.value.filter((tile) => !find(tile)));
  const tell = () => {
    if (!signal.aborted) arrived.value++;
  };
  let isDue = false;
  const tellSoon = () => {
    if (isDue) return;
    isDue = true;
    nextFrame(() => {
      isDue = false;
      tell();
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
    if (asking?.isFor(lacking.peek())) return;
    asking?.stop();
    asking = first && !problem.peek() ? ask([first, ...rest]) : null;
  };
  const ask = (tiles: readonly [TileName, ...TileName[]]) =>
    askForTiles(
      source,
      shelf,
      tiles,
      lane,
      {
        came: tellSoon,
        done: () => {
          asking = null;
          tell();
        },
        failed: (error) => {
          asking = null;
          problem.value = failed(error, () => {
            problem.value = null;
            look();
          });
        },
      },
      signal,
    );

  let before = wanted.peek();
  effectUntil(signal, () => {
    void lacking.value;
    untracked(() => {
      if (before !== wanted.peek()) {
        before = wanted.peek();
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
