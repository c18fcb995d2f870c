import { batch, computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { BlockRequest } from "../contract.gen";
import type { HeadWeights } from "../core/head-weights";
import type { Lens } from "../core/lens";
import type { Source } from "../core/source";
import { childOf, effectUntil } from "../dom/until";
import { failed, PENDING, type Progress, READY, startWaiting } from "./progress";

/** A request with its answer: `weights[i]` belongs to `heads[i]`. */
export interface Answer extends BlockRequest {
  readonly weights: readonly HeadWeights[];
  /** Through which lens the source has put the weights together; left out where they are those of all tokens. */
  readonly lens?: Lens;
  /** Whether rows that gather tokens out of sight are still awaited. */
  readonly isPartial?: boolean;
}

export interface BlockWatch {
  /** The newest complete answer; it stays while the next one is awaited. */
  readonly answer: ReadonlySignal<Answer | null>;
  readonly progress: ReadonlySignal<Progress>;
}

/** Follows `wanted`: takes what is in memory at once, asks for the rest, and gives up what is no longer wanted. */
export function watchBlocks(
  source: Source,
  wanted: ReadonlySignal<BlockRequest | null>,
  signal: AbortSignal,
): BlockWatch {
  const answer = signalOf<Answer | null>(null);
  const progress = signalOf<Progress>(PENDING);
  const attempts = signalOf(0);
  // A string, so that a request equal to the last one is not made again.
  const wish = computed(() => JSON.stringify(wanted.value));
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
    void wish.value;
    void attempts.value;
    untracked(() => start(wanted.peek()));
  });
  return { answer, progress };
}

export type Found = (HeadWeights | undefined)[];

export function peekAll(source: Source, { kind, map, layer, heads }: BlockRequest): Found {
  return heads.map((head) => source.peek(kind, map, layer, head));
}

export function isComplete(found: Found): found is HeadWeights[] {
  return !found.includes(undefined);
}

/** Asks for the heads that are not in memory, and puts them where they belong among those that are. */
export async function fetchRest(
  source: Source,
  request: BlockRequest,
  found: Found,
  signal: AbortSignal,
): Promise<HeadWeights[]> {
  const heads = request.heads.filter((_, index) => !found[index]);
  const rest = (await source.fetch({ ...request, heads }, signal)).values();
  return found.map((one) => one ?? (rest.next().value as HeadWeights));
}
