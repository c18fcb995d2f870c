import { batch, computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { ExcerptRequest } from "../contract.gen";
import { excerptParts, joinedParts } from "../core/excerpt-parts";
import type { HeadWeights } from "../core/head-weights";
import type { Lens } from "../core/lens";
import type { Source } from "../core/source";
import { childOf, effectUntil } from "../dom/until";
import type { Answer, BlockWatch } from "./blocks";
import { failed, PENDING, type Progress, READY, startWaiting } from "./progress";

/** The weights of some heads through a lens, which the source puts together. */
export interface ExcerptWish {
  readonly lens: Lens;
  readonly map: string;
  readonly layer: number;
  readonly heads: readonly number[];
}

/**
 * Follows `wanted`: takes what is in memory at once and asks for the rest, the rows in sight first; gives up what is no
 * longer wanted. An answer is there with the rows in sight; it `isPartial` until the others are too.
 */
export function watchExcerpts(
  source: Source,
  wanted: ReadonlySignal<ExcerptWish | null>,
  signal: AbortSignal,
): BlockWatch {
  const answer = signalOf<Answer | null>(null);
  const progress = signalOf<Progress>(PENDING);
  const attempts = signalOf(0);
  const lane = Math.random().toString(36).slice(2);
  const wish = computed(() => wanted.value && { wanted: wanted.value, parts: partsOf(wanted.value) });
  let running: AbortController | undefined;

  const start = ({ wanted: { lens, map, layer, heads }, parts }: NonNullable<typeof wish.value>) => {
    running?.abort();
    const turn = childOf(signal);
    running = turn;
    const take = (near: readonly HeadWeights[], far: readonly HeadWeights[] | null) =>
      batch(() => {
        const weights = near.map((one, at) => joinedParts(lens, one, far?.[at] ?? null));
        const isPartial = parts.far !== null && far === null;
        answer.value = { kind: "block", map, layer, heads: [...heads], weights, lens, isPartial };
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
    const next = wish.value;
    if (next) untracked(() => start(next));
    else running?.abort();
  });
  return { answer, progress };
}

function partsOf({ lens, map, layer, heads }: ExcerptWish) {
  return excerptParts(lens, { map, layer, heads: [...heads] });
}

function whole(source: Source, request: ExcerptRequest): HeadWeights[] | null {
  const found = source.peekExcerpt(request);
  return found.includes(undefined) ? null : (found as HeadWeights[]);
}
