import { computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { BlockRequest } from "../contract.gen";
import type { HeadWeights } from "../core/head-weights";
import type { Source } from "../core/source";
import { childOf, effectUntil } from "../dom/until";
import { fetchRest, isComplete, peekAll } from "./blocks";
import { failed, PENDING, type Progress, READY, startWaiting } from "./progress";

/** The heads of one layer that the grid shows. */
export interface Row {
  readonly layer: number;
  readonly heads: readonly number[];
}

/** Which heads the grid shows. */
export interface GridShape {
  readonly map: string;
  readonly rows: readonly Row[];
}

/** The overviews that have arrived, by row: `[row][column]` belongs to `rows[row].heads[column]`. */
export interface Overviews {
  readonly shape: GridShape | null;
  readonly rows: readonly (readonly HeadWeights[] | undefined)[];
}

export interface OverviewWatch {
  readonly overviews: ReadonlySignal<Overviews>;
  readonly progress: ReadonlySignal<Progress>;
  /** How far the work on them is; null while nothing is asked for. */
  readonly work: ReadonlySignal<Work | null>;
  /** Asks for no more; what is there stays. */
  stop(): void;
  /** Goes on after a stop. */
  resume(): void;
}

/** Layers that are being computed. */
export interface Work {
  readonly done: number;
  readonly total: number;
  /** In milliseconds, since the first of them was asked for. */
  readonly elapsed: number;
  readonly isStopped: boolean;
}

/**
 * Follows `wanted`: what is in memory at once, the rest one layer at a time, the layer that `nextOf` chooses first. Of a
 * long map, whose layers take the kernel seconds each, it is ready with the first of them.
 */
export function watchOverviews(
  source: Source,
  wanted: ReadonlySignal<GridShape | null>,
  nextOf: (rows: readonly number[]) => number,
  isLong: () => boolean,
  signal: AbortSignal,
): OverviewWatch {
  const overviews = signalOf<Overviews>({ shape: null, rows: [] });
  const progress = signalOf<Progress>(PENDING);
  const attempts = signalOf(0);
  const work = signalOf<Work | null>(null);
  const wish = computed(() => JSON.stringify(wanted.value));
  let running: AbortController | undefined;

  const start = (shape: GridShape | null) => {
    running?.abort();
    if (!shape) return;
    const turn = childOf(signal);
    running = turn;
    overviews.value = { shape, rows: shape.rows.map((row) => whole(peekAll(source, requestOf(shape, row)))) };
    fetchRows(shape, turn.signal).catch((error: unknown) => {
      if (turn.signal.aborted) return;
      turn.abort();
      progress.value = failed(error, () => void attempts.value++);
    });
  };

  /** Runs up to its first await at once: a grid that is in memory is ready in the same frame. */
  const fetchRows = async (shape: GridShape, until: AbortSignal) => {
    const [began, total] = [performance.now(), gaps(overviews.peek()).length];
    work.value = null;
    for (let missing = gaps(overviews.peek()); missing.length > 0; missing = gaps(overviews.peek())) {
      const turn = childOf(until);
      if (isLong() && missing.length < shape.rows.length) progress.value = READY;
      else startWaiting(progress, turn.signal);
      const next = nextOf(missing);
      work.value = { done: total - missing.length, total, elapsed: performance.now() - began, isStopped: false };
      const request = requestOf(shape, shape.rows[next] as Row);
      const row = await fetchRest(source, request, peekAll(source, request), until).finally(() => turn.abort());
      until.throwIfAborted();
      overviews.value = { shape, rows: overviews.peek().rows.map((one, index) => (index === next ? row : one)) };
    }
    work.value = null;
    progress.value = READY;
  };

  effectUntil(signal, () => {
    void wish.value;
    void attempts.value;
    untracked(() => start(wanted.peek()));
  });
  return {
    overviews,
    progress,
    work,
    stop() {
      running?.abort();
      if (work.peek()) work.value = { ...(work.peek() as Work), isStopped: true };
      progress.value = READY;
    },
    resume: () => void attempts.value++,
  };
}

function requestOf({ map }: GridShape, { layer, heads }: Row): BlockRequest {
  return { kind: "overview", map, layer, heads: [...heads] };
}

function whole(found: ReturnType<typeof peekAll>): readonly HeadWeights[] | undefined {
  return isComplete(found) ? found : undefined;
}

function gaps({ rows }: Overviews): number[] {
  return [...rows.keys()].filter((row) => !rows[row]);
}
