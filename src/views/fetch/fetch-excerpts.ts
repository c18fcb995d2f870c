import { batch, computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { ExcerptRequest } from "../../contract.gen";
import { excerptParts, joinedParts } from "../../core/reduce/excerpt-parts";
import type { ShownMap } from "../../core/reduce/shown-map";
import type { Source } from "../../core/state/source";
import type { HeadWeights } from "../../core/weights/head-weights";
import { childOf, effectUntil } from "../../dom/until";
import type { HeadsAnswer, HeadsWatch } from "./fetch-heads";
import { failed, PENDING, type Progress, READY, startWaiting } from "./progress";

/** The weights of some heads of a long map, grouped by the source. */
export interface ShownExcerpt {
  readonly shownMap: ShownMap;
  readonly map: string;
  readonly layer: number;
  readonly heads: readonly number[];
}

/**
 * Follows `requested`: takes at once what is in memory, requests the rest with the visible rows first, and aborts
 * outdated requests. The answer comes with the visible rows and `isPartial` until the other rows have come too.
 */
export function watchExcerpts(
  source: Source,
  requested: ReadonlySignal<ShownExcerpt | null>,
  signal: AbortSignal,
): HeadsWatch {
  const answer = signalOf<HeadsAnswer | null>(null);
  const progress = signalOf<Progress>(PENDING);
  const attempts = signalOf(0);
  const lane = Math.random().toString(36).slice(2);
  const planned = computed(() => requested.value && { requested: requested.value, parts: partsOf(requested.value) });
  let running: AbortController | undefined;

  const start = ({ requested: { shownMap, map, layer, heads }, parts }: NonNullable<typeof planned.value>) => {
    running?.abort();
    const turn = childOf(signal);
    running = turn;
    const take = (near: readonly HeadWeights[], far: readonly HeadWeights[] | null) =>
      batch(() => {
        const weights = near.map((one, at) => joinedParts(shownMap, one, far?.[at] ?? null));
        const isPartial = parts.far !== null && far === null;
        answer.value = { kind: "block", map, layer, heads: [...heads], weights, shownMap, isPartial };
        progress.value = READY;
      });
    const run = async () => {
      const [near, far] = [whole(source, parts.near), parts.far && whole(source, parts.far)];
      if (near && (far || !parts.far)) return take(near, far);
      const rows = near ?? (await ask(parts.near, "near", turn.signal));
      if (turn.signal.aborted) return;
      take(rows, far);
      if (parts.far && !far) {
        const others = await source.excerpt(parts.far, `${lane} far`, turn.signal);
        if (!turn.signal.aborted) take(rows, others);
      }
    };
    run().catch((error: unknown) => {
      if (turn.signal.aborted) return;
      turn.abort();
      progress.value = failed(error, () => void attempts.value++);
    });
  };

  async function ask(request: ExcerptRequest, which: string, until: AbortSignal): Promise<HeadWeights[]> {
    const waiting = childOf(until);
    startWaiting(progress, waiting.signal);
    return source.excerpt(request, `${lane} ${which}`, until).finally(() => waiting.abort());
  }

  effectUntil(signal, () => {
    void attempts.value;
    const next = planned.value;
    if (next) untracked(() => start(next));
    else running?.abort();
  });
  return { answer, progress };
}

function partsOf({ shownMap, map, layer, heads }: ShownExcerpt) {
  return excerptParts(shownMap, { map, layer, heads: [...heads] });
}

function whole(source: Source, request: ExcerptRequest): HeadWeights[] | null {
  const found = source.peekExcerpt(request);
  return found.includes(undefined) ? null : (found as HeadWeights[]);
}
