import { computed, type ReadonlySignal } from "@preact/signals-core";
import {
  isWhole,
  middleOf,
  panned,
  revealing,
  type Span,
  type Viewport,
  type ViewportPoint,
  zoomed,
  zoomOf,
} from "../../core/look/viewport";
import { effectUntil } from "../../dom/until";
import type { MatrixScene } from "../heat/matrix-scene";
import type { Scene } from "../scene/scene";

/** The factor of one press of a key or a button. */
export const STEP = 1.5;

/** The part of a map that is visible. All maps side by side show the same part. */
export interface Zoom {
  readonly viewport: ReadonlySignal<Viewport>;
  /** How many times closer than the whole map. */
  readonly times: ReadonlySignal<number>;
  /** Each returns whether anything changed. Zooming without a point keeps the pinned or pointed cell where it is. */
  by(factor: number, at?: ViewportPoint): boolean;
  pan(by: ViewportPoint): boolean;
  reveal(query: number | null, key: number | null): boolean;
  reset(): boolean;
}

export function createZoom(scene: Scene, signal: AbortSignal): Zoom {
  const bounds = computed<Viewport>(() => {
    const { queries, keys } = scene.ranges.value;
    return { queries, keys };
  });
  // Compared as text, so that setting a map again to itself keeps the zoom.
  const outline = computed(() => JSON.stringify([scene.description.value?.name, bounds.value]));
  const chosen = scene.zoomed;
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
    by: (factor, at) => show(zoomed(viewport.peek(), bounds.peek(), factor, at ?? anchor(scene, viewport.peek()))),
    pan: (by) => show(panned(viewport.peek(), bounds.peek(), by)),
    reveal: (query, key) => show(revealing(viewport.peek(), bounds.peek(), query, key)),
    reset: () => show(bounds.peek()),
  };
}

/** Brings tokens into sight that were pinned by Python or in another view of the capture. */
export function revealPins({ tokens, isLong }: MatrixScene, zoom: Zoom, signal: AbortSignal): void {
  effectUntil(signal, () => {
    const [query, key] = [tokens.query.value, tokens.key.value];
    if (!isLong.value) return;
    const { queries, keys } = zoom.viewport.peek();
    zoom.reveal(isIn(queries, query) ? null : query, isIn(keys, key) ? null : key);
  });
}

/** The pointed or pinned cell, if it is visible, otherwise the middle. */
function anchor({ tokens }: Scene, view: Viewport): ViewportPoint {
  const { hover, query, key } = tokens;
  const middle = middleOf(view);
  return {
    query: placeIn(view.queries, hover.peek().query ?? query.peek(), middle.query),
    key: placeIn(view.keys, hover.peek().key ?? key.peek(), middle.key),
  };
}

function placeIn(span: Span, position: number | null, otherwise: number): number {
  if (position === null || !isIn(span, position)) return otherwise;
  return Math.max(span[0], Math.min(position + 0.5, span[1]));
}

/** Whether a part of a token is visible. */
function isIn([start, stop]: Span, position: number | null): boolean {
  return position !== null && position + 1 > start && position < stop;
}
