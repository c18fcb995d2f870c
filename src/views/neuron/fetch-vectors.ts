import { batch, computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { VectorRequest } from "../../contract.gen";
import type { Source } from "../../core/state/source";
import type { HeadVectors } from "../../core/weights/vectors";
import { childOf, effectUntil } from "../../dom/until";
import { failed, type Progress, READY, startWaiting } from "../fetch/progress";

/** A request with its answer. */
export interface VectorAnswer extends VectorRequest {
  readonly vectors: HeadVectors;
}

export interface VectorWatch {
  /** The newest answer. It stays while the next one is awaited, and is dropped when nothing is requested. */
  readonly answer: ReadonlySignal<VectorAnswer | null>;
  readonly progress: ReadonlySignal<Progress>;
}

/** Follows `requested`, and aborts outdated requests. */
export function watchVectors(
  source: Source,
  requested: ReadonlySignal<VectorRequest | null>,
  signal: AbortSignal,
): VectorWatch {
  const answer = signalOf<VectorAnswer | null>(null);
  const progress = signalOf<Progress>(READY);
  const attempts = signalOf(0);
  // Compared as a string, so that an equal request is not repeated.
  const requestText = computed(() => JSON.stringify(requested.value));
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
    void requestText.value;
    void attempts.value;
    untracked(() => void start(requested.peek()));
  });
  return { answer, progress };
}
