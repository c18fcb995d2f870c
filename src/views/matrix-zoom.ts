import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { isWhole, middleOf, type Place, panned, revealing, type Viewport, zoomed, zoomOf } from "../core/viewport";
import { effectUntil } from "../dom/until";
import type { Scene } from "./scene";

/** Which part of a map is shown. Every map side by side shows the same part. */
export interface Zoom {
  readonly viewport: ReadonlySignal<Viewport>;
  /** How many times closer than the whole. */
  readonly times: ReadonlySignal<number>;
  /** Each says whether anything changed. */
  by(factor: number, at?: Place): boolean;
  pan(by: Place): boolean;
  reveal(query: number | null, key: number | null): boolean;
  reset(): boolean;
}

export function createZoom(scene: Scene, signal: AbortSignal): Zoom {
  const bounds = computed<Viewport>(() => {
    const { queries, keys } = scene.ranges.value;
    return { queries, keys };
  });
  // As text: a map that is set again to itself keeps its zoom.
  const outline = computed(() => JSON.stringify([scene.info.value?.name, bounds.value]));
  const chosen = signalOf<Viewport | null>(null);
  effectUntil(signal, () => {
    void outline.value;
    chosen.value = null;
  });
  const viewport = computed(() => chosen.value ?? bounds.value);
  const show = (next: Viewport) => {
    const before = viewport.peek();
    chosen.value = isWhole(next, bounds.peek()) ? null : next;
    return !isWhole(next, before);
  };
  return {
    viewport,
    times: computed(() => zoomOf(viewport.value, bounds.value)),
    by: (factor, at) => show(zoomed(viewport.peek(), bounds.peek(), factor, at ?? middleOf(viewport.peek()))),
    pan: (by) => show(panned(viewport.peek(), bounds.peek(), by)),
    reveal: (query, key) => show(revealing(viewport.peek(), bounds.peek(), query, key)),
    reset: () => show(bounds.peek()),
  };
}
