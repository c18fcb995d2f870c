import { batch, computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { VectorRequest } from "../contract.gen";
import type { Source } from "../core/source";
import type { HeadVectors } from "../core/vectors";
import { childOf, effectUntil } from "../dom/until";
import { failed, type Progress, READY, startWaiting } from "./progress";

/** A request with its answer. */
export interface VectorAnswer extends VectorRequest {
  readonly vectors: HeadVectors;
}

export interface VectorWatch {
  /** The newest answer; it stays while the next one is awaited, and goes when none is wanted. */
  readonly answer: ReadonlySignal<VectorAnswer | null>;
  readonly progress: ReadonlySignal<Progress>;
}

/** Follows `wanted`, and gives up what is no longer wanted. */
export function watchVectors(
  source: Source,
  wanted: ReadonlySignal<VectorRequest | null>,
  signal: AbortSignal,
): VectorWatch {
  const answer = signalOf<VectorAnswer | null>(null);
  const progress = signalOf<Progress>(READY);
  const attempts = signalOf(0);
  // A string, so that a request equal to the last one is not made again.
  const wish = computed(() => JSON.stringify(wanted.value));
  let running: AbortController | undefined;

  const end = (found: VectorAnswer | null, state: Progress) =>
    batch(() => {
      running?.abort();
      answer.value = found;
      progress.value = state;
    });

  const start = async (request: VectorRequest | null) => {
    running?.abort();
    if (!request) return end(null, READY);
    const turn = childOf(signal);
    running = turn;
    startWaiting(progress, turn.signal);
    try {
      const vectors = await source.vectors(request, turn.signal);
      if (!turn.signal.aborted) end({ ...request, vectors }, READY);
    } catch (error) {
      if (!turn.signal.aborted)
        end(
          null,
          failed(error, () => void attempts.value++),
        );
    }
  };

  effectUntil(signal, () => {
    void wish.value;
    void attempts.value;
    untracked(() => void start(wanted.peek()));
  });
  return { answer, progress };
}
