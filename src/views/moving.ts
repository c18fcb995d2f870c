import { untracked } from "@preact/signals-core";
import type { Side } from "./columns";
import { isShared } from "./direction";
import type { Scene } from "./scene";

/** What one notch of a wheel moves, in rows; and how far that is in pixels. */
const NOTCH = 3;
const PIXELS_OF_NOTCH = 40;

/**
 * Moves the tokens in sight by the wheel, once the reader has clicked into the view: the page's own scrolling goes first.
 */
export function mountMoving(area: HTMLElement, scene: Scene, signal: AbortSignal): void {
  let rest = 0;
  const wheel = (event: WheelEvent) => {
    if (event.ctrlKey || event.metaKey || !hasFocus(area)) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_OF_NOTCH / NOTCH : 1;
    rest += (event.deltaY * unit * NOTCH) / PIXELS_OF_NOTCH;
    const step = Math.trunc(rest);
    rest -= step;
    if (scene.movable?.extents.peek() && (step === 0 || moveBy(scene, step))) event.preventDefault();
  };
  area.addEventListener("wheel", wheel, { signal, passive: false });
}

/** Moves the rows in sight of both sides; false where there is nothing to move, or an end is reached. */
export function moveBy({ movable, ...scene }: Scene, step: number): boolean {
  const before = movable?.extents.peek();
  if (!movable || !before) return false;
  const sides: readonly Side[] = untracked(() => isShared({ movable, ...scene })) ? ["query"] : ["query", "key"];
  for (const side of sides) movable.move(side, before[side].first + step);
  const after = movable.extents.peek();
  return after?.query.first !== before.query.first || after?.key.first !== before.key.first;
}

function hasFocus(area: HTMLElement): boolean {
  const { activeElement } = area.getRootNode() as Document | ShadowRoot;
  return area.closest(".headscope")?.contains(activeElement) ?? false;
}
