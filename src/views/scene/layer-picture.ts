import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { watchExcerpts } from "../fetch/fetch-excerpts";
import { type HeadsAnswer, watchHeads } from "../fetch/fetch-heads";
import { PENDING, type Progress } from "../fetch/progress";
import { type Focus, followFocus } from "./focus";
import type { Scene } from "./scene";
import { type ShownHead, shownHeads } from "./shown-heads";

/** The state of a picture of the active heads of a layer. */
export interface LayerPicture {
  /** Ready only once everything requested is painted. */
  readonly progress: ReadonlySignal<Progress>;
  /** The painted layer; null before the first paint. */
  readonly layer: ReadonlySignal<number | null>;
  readonly heads: ReadonlySignal<readonly ShownHead[]>;
  readonly focus: ReadonlySignal<Focus>;
  /** Whether rows that gather tokens out of sight have yet to arrive. */
  readonly isPartial: ReadonlySignal<boolean>;
}

/** Follows the heads that a picture shows. Call `painted` at the end of the effect that paints. */
export function followPicture(
  scene: Scene,
  signal: AbortSignal,
): { readonly picture: LayerPicture; readonly painted: () => void } {
  const { source } = scene.context;
  const watches = {
    whole: watchHeads(source, scene.request, signal),
    part: watchExcerpts(source, scene.excerpt, signal),
  };
  const watch = computed(() => (scene.excerpt.value ? watches.part : watches.whole));
  const answer = computed(() => watch.value.answer.value);
  const progress = computed(() => watch.value.progress.value);
  const last = signalOf<HeadsAnswer | null>(null);
  const isBehind = () => progress.value.state === "ready" && answer.value !== last.value;
  const picture = {
    progress: computed(() => {
      const isPending = isBehind() || (progress.value.state === "ready" && scene.leftOut.isMeasuring.value);
      return isPending ? PENDING : progress.value;
    }),
    layer: computed(() => last.value?.layer ?? null),
    heads: computed(() => shownHeads(scene, answer.value)),
    focus: followFocus(scene),
    isPartial: computed(() => answer.value?.isPartial ?? false),
  };
  return {
    picture,
    painted() {
      last.value = answer.value;
    },
  };
}
