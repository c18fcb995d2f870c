import { computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { BlockRequest } from "../../contract.gen";
import type { Source } from "../../core/state/source";
import type { HeadWeights } from "../../core/weights/head-weights";
import { childOf, effectUntil } from "../../dom/until";
import { fetchRest, isComplete, peekAll } from "./fetch-heads";
import { failed, PENDING, type Progress, READY, startWaiting } from "./progress";

/** The heads of one layer that the grid shows. */
export interface LayerRow {
  readonly layer: number;
  readonly heads: readonly number[];
}

/** The heads that the grid shows. */
export interface GridShape {
  readonly map: string;
  readonly rows: readonly LayerRow[];
}

/** The overviews that have arrived, by row: `[row][column]` belongs to `rows[row].heads[column]`. */
export interface Overviews {
  readonly shape: GridShape | null;
  readonly rows: readonly (readonly HeadWeights[] | undefined)[];
}

export interface OverviewWatch {
  readonly overviews: ReadonlySignal<Overviews>;
  readonly progress: ReadonlySignal<Progress>;
  /** The progress of the requests; null while nothing is requested. */
  readonly work: ReadonlySignal<LayersProgress | null>;
  /** Stops requesting; overviews that have arrived stay. */
  stop(): void;
  /** Resumes after `stop`. */
  resume(): void;
}

/** Layers that are being computed. */
export interface LayersProgress {
  readonly done: number;
  readonly total: number;
  /** Milliseconds since the first of them was requested. */
  readonly elapsed: number;
  readonly isStopped: boolean;
}

/**
 * Follows `requested`: takes at once what is in memory, and requests the rest one layer at a time in the order that
 * `nextOf` chooses. A long map takes the kernel seconds per layer, so its grid is ready with the first layer.
 */
export function watchOverviews(
  source: Source,
  requested: ReadonlySignal<GridShape | null>,
  nextOf: (rows: readonly number[]) => number,
  isLong: () => boolean,
  signal: AbortSignal,
): OverviewWatch {
  const overviews = signalOf<Overviews>({ shape: null, rows: [] });
  const progress = signalOf<Progress>(PENDING);
  const attempts = signalOf(0);
  const work = signalOf<LayersProgress | null>(null);
  const requestText = computed(() => JSON.stringify(requested.value));
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

  /** Runs synchronously up to its first await, so a grid that is in memory is ready in the same frame. */
  const fetchRows = async (shape: GridShape, until: AbortSignal) => {
    const [began, total] = [performance.now(), gaps(overviews.peek()).length];
    work.value = null;
    for (let missing = gaps(overviews.peek()); missing.length > 0; missing = gaps(overviews.peek())) {
      const turn = childOf(until);
      if (isLong() && missing.length < shape.rows.length) progress.value = READY;
      else startWaiting(progress, turn.signal);
      const next = nextOf(missing);
      work.value = { done: total - missing.length, total, elapsed: performance.now() - began, isStopped: false };
      const request = requestOf(shape, shape.rows[next] as LayerRow);
      const row = await fetchRest(source, request, peekAll(source, request), until).finally(() => turn.abort());
      until.throwIfAborted();
      overviews.value = { shape, rows: overviews.peek().rows.map((one, index) => (index === next ? row : one)) };
    }
    work.value = null;
    progress.value = READY;
  };

  effectUntil(signal, () => {
    void requestText.value;
    void attempts.value;
    untracked(() => start(requested.peek()));
  });
  return {
    overviews,
    progress,
    work,
    stop() {
      running?.abort();
      if (work.peek()) work.value = { ...(work.peek() as LayersProgress), isStopped: true };
      progress.value = READY;
    },
    resume: () => void attempts.value++,
  };
}

function requestOf({ map }: GridShape, { layer, heads }: LayerRow): BlockRequest {
  return { kind: "overview", map, layer, heads: [...heads] };
}

function whole(found: ReturnType<typeof peekAll>): readonly HeadWeights[] | undefined {
  return isComplete(found) ? found : undefined;
}

function gaps({ rows }: Overviews): number[] {
  return [...rows.keys()].filter((row) => !rows[row]);
}
