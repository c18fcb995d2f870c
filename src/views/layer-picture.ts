import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { type Answer, watchBlocks } from "./blocks";
import { watchExcerpts } from "./excerpts";
import { type Focus, followFocus } from "./focus";
import { PENDING, type Progress } from "./progress";
import type { Scene } from "./scene";
import { type ShownHead, shownHeads } from "./shown-heads";

/** What a picture of the active heads of a layer tells of itself. */
export interface LayerPicture {
  /** Ready only once what was asked for is painted. */
  readonly progress: ReadonlySignal<Progress>;
  /** The painted layer; null before the first paint. */
  readonly layer: ReadonlySignal<number | null>;
  readonly heads: ReadonlySignal<readonly ShownHead[]>;
  readonly focus: ReadonlySignal<Focus>;
  /** Whether rows that gather tokens out of sight are still awaited. */
  readonly isPartial: ReadonlySignal<boolean>;
}

/** Follows what a picture is to show. Call `painted` in the effect that paints, at its end. */
export function followPicture(
  scene: Scene,
  signal: AbortSignal,
): { readonly picture: LayerPicture; readonly painted: () => void } {
  const { source } = scene.context;
  const watches = {
    whole: watchBlocks(source, scene.request, signal),
    part: watchExcerpts(source, scene.excerpt, signal),
  };
  const watch = computed(() => (scene.excerpt.value ? watches.part : watches.whole));
  const answer = computed(() => watch.value.answer.value);
  const progress = computed(() => watch.value.progress.value);
  const last = signalOf<Answer | null>(null);
  const isBehind = () => progress.value.state === "ready" && answer.value !== last.value;
  const picture = {
    progress: computed(() => (isBehind() ? PENDING : progress.value)),
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
