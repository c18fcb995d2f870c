import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { type Answer, watchBlocks } from "./blocks";
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
}

/** Follows what a picture is to show. Call `painted` in the effect that paints, at its end. */
export function followPicture(
  scene: Scene,
  signal: AbortSignal,
): { readonly picture: LayerPicture; readonly painted: () => void } {
  const { answer, progress } = watchBlocks(scene.context.source, scene.request, signal);
  const last = signalOf<Answer | null>(null);
  const isBehind = () => progress.value.state === "ready" && answer.value !== last.value;
  const picture = {
    progress: computed(() => (isBehind() ? PENDING : progress.value)),
    layer: computed(() => last.value?.layer ?? null),
    heads: computed(() => shownHeads(scene, answer.value)),
    focus: followFocus(scene),
  };
  return {
    picture,
    painted() {
      last.value = answer.value;
    },
  };
}
