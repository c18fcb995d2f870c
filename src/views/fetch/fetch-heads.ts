import { batch, computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { BlockRequest } from "../../contract.gen";
import type { ShownMap } from "../../core/reduce/shown-map";
import type { Source } from "../../core/state/source";
import type { HeadWeights } from "../../core/weights/head-weights";
import { childOf, effectUntil } from "../../dom/until";
import { failed, PENDING, type Progress, READY, startWaiting } from "./progress";

/** A request with its answer: `weights[i]` belongs to `heads[i]`. */
export interface HeadsAnswer extends BlockRequest {
  readonly weights: readonly HeadWeights[];
  /**
   * The map by whose rows and columns the source grouped the weights; absent if the weights are those of all tokens.
   */
  readonly shownMap?: ShownMap;
  /** Whether rows that gather tokens out of sight have yet to arrive. */
  readonly isPartial?: boolean;
}

export interface HeadsWatch {
  /** The newest complete answer; it stays while the next one is awaited. */
  readonly answer: ReadonlySignal<HeadsAnswer | null>;
  readonly progress: ReadonlySignal<Progress>;
}

/** Follows `requested`: takes at once what is in memory, requests the rest, and aborts outdated requests. */
export function watchHeads(
  source: Source,
  requested: ReadonlySignal<BlockRequest | null>,
  signal: AbortSignal,
): HeadsWatch {
  const answer = signalOf<HeadsAnswer | null>(null);
  const progress = signalOf<Progress>(PENDING);
  const attempts = signalOf(0);
  // Compared as a string, so that an equal request is not repeated.
  const requestText = computed(() => JSON.stringify(requested.value));
  let running: AbortController | undefined;

  const done = (request: BlockRequest, weights: readonly HeadWeights[]) =>
    batch(() => {
      answer.value = { ...request, weights };
      progress.value = READY;
    });

  const start = (request: BlockRequest | null) => {
    running?.abort();
    if (!request) return;
    const found = peekAll(source, request);
    if (isComplete(found)) return done(request, found);
    const turn = childOf(signal);
    running = turn;
    startWaiting(progress, turn.signal);
    fetchRest(source, request, found, turn.signal).then(
      (weights) => {
        if (turn.signal.aborted) return;
        turn.abort();
        done(request, weights);
      },
      (error: unknown) => {
        if (turn.signal.aborted) return;
        turn.abort();
        progress.value = failed(error, () => void attempts.value++);
      },
    );
  };

  effectUntil(signal, () => {
    void requestText.value;
    void attempts.value;
    untracked(() => start(requested.peek()));
  });
  return { answer, progress };
}

export type HeldHeads = (HeadWeights | undefined)[];

export function peekAll(source: Source, { kind, map, layer, heads }: BlockRequest): HeldHeads {
  return heads.map((head) => source.peek(kind, map, layer, head));
}

export function isComplete(found: HeldHeads): found is HeadWeights[] {
  return !found.includes(undefined);
}

/** Requests the heads that are not in memory, and returns all heads in order. */
export async function fetchRest(
  source: Source,
  request: BlockRequest,
  found: HeldHeads,
  signal: AbortSignal,
): Promise<HeadWeights[]> {
  const heads = request.heads.filter((_, index) => !found[index]);
  const rest = (await source.fetch({ ...request, heads }, signal)).values();
  return found.map((one) => one ?? (rest.next().value as HeadWeights));
}
