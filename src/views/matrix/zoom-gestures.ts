import type { ReadonlySignal } from "@preact/signals-core";
import type { MatrixLayout } from "../../core/look/matrix-layout";
import type { ViewportPoint } from "../../core/look/viewport";
import { pointedPlace } from "./panels";
import type { Zoom } from "./zoom";

/** A press that moves by more CSS pixels is a drag, not a click. */
const CLICK_SLACK = 4;
/** The zoom rate per pixel of the wheel, and the most per event, for wheels that turn in large steps. */
const WHEEL_RATE = 0.01;
const WHEEL_MOST = 0.35;
const LINE = 16;

/**
 * Zooms and moves maps by pointer.
 * The page's own scrolling has priority: the wheel zooms only with Ctrl or Cmd (a pinch on a touch pad sends the same),
 * and moves a zoomed map only after a click on it. Two fingers zoom, and a drag moves a zoomed map.
 */
export function mountGestures(
  area: HTMLElement,
  layout: ReadonlySignal<MatrixLayout>,
  zoom: Zoom,
  signal: AbortSignal,
): void {
  const pointers = new Map<number, PointerEvent>();
  let dragged = 0;
  const isZoomed = () => zoom.times.peek() > 1;
  const place = (event: MouseEvent) => pointedPlace(event, layout.peek(), zoom.viewport.peek());
  /** Converts a distance in CSS pixels to positions. */
  const way = (x: number, y: number): ViewportPoint => {
    const { queries, keys } = zoom.viewport.peek();
    const { mapWidth, mapHeight } = layout.peek();
    return { query: (y * (queries[1] - queries[0])) / mapHeight, key: (x * (keys[1] - keys[0])) / mapWidth };
  };

  const wheel = (event: WheelEvent) => {
    const at = place(event);
    if (!at) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
    const rate = Math.max(-WHEEL_MOST, Math.min(WHEEL_MOST, -event.deltaY * unit * WHEEL_RATE));
    if (event.ctrlKey || event.metaKey) zoom.by(Math.exp(rate), at);
    else if (!isZoomed() || !hasFocus(area)) return;
    else if (!zoom.pan(way(event.deltaX * unit, event.deltaY * unit))) return;
    event.preventDefault();
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0 || !place(event)) return;
    if (pointers.size === 0) dragged = 0;
    pointers.set(event.pointerId, event);
  };
  const move = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const other = [...pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    const at = place(event);
    if (other) zoom.by(distance(event, other) / Math.max(1, distance(before, other)), at ?? undefined);
    else if (isZoomed()) zoom.pan(way(before.clientX - event.clientX, before.clientY - event.clientY));
    dragged += distance(event, before);
    pointers.set(event.pointerId, event);
    if (dragged > CLICK_SLACK && isZoomed()) area.setPointerCapture?.(event.pointerId);
  };
  const up = (event: PointerEvent) => void pointers.delete(event.pointerId);
  const click = (event: MouseEvent) => {
    if (dragged > CLICK_SLACK) event.stopPropagation();
    dragged = 0;
  };

  area.addEventListener("wheel", wheel, { signal, passive: false });
  area.addEventListener("pointerdown", down, { signal });
  area.addEventListener("pointermove", move, { signal });
  area.addEventListener("pointerup", up, { signal });
  area.addEventListener("pointercancel", up, { signal });
  area.addEventListener("click", click, { signal, capture: true });
}

function hasFocus(area: HTMLElement): boolean {
  return area.contains((area.getRootNode() as Document | ShadowRoot).activeElement);
}

function distance(one: PointerEvent, other: PointerEvent): number {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}
