import { untracked } from "@preact/signals-core";
import type { Side } from "../../core/state/side";
import type { Scene } from "../scene/scene";
import { showsOneText } from "../scene/scene";

/** How many rows, and how many pixels, one notch of a wheel moves. */
const NOTCH = 3;
const PIXELS_OF_NOTCH = 40;

/**
 * Moves the visible tokens by the wheel after the reader has clicked into the view; before that, the wheel scrolls the
 * page.
 */
export function mountWheelScrolling(area: HTMLElement, scene: Scene, signal: AbortSignal): void {
  let rest = 0;
  const wheel = (event: WheelEvent) => {
    if (event.ctrlKey || event.metaKey || !hasFocus(area)) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_OF_NOTCH / NOTCH : 1;
    rest += (event.deltaY * unit * NOTCH) / PIXELS_OF_NOTCH;
    const step = Math.trunc(rest);
    rest -= step;
    if (scene.rowWindow?.extents.peek() && (step === 0 || scrollRows(scene, step))) event.preventDefault();
  };
  area.addEventListener("wheel", wheel, { signal, passive: false });
}

/** Moves the visible rows of both sides; false if there is nothing to move, or an end is reached. */
export function scrollRows({ rowWindow, ...scene }: Scene, step: number): boolean {
  const before = rowWindow?.extents.peek();
  if (!rowWindow || !before) return false;
  const sides: readonly Side[] = untracked(() => showsOneText({ rowWindow, ...scene })) ? ["query"] : ["query", "key"];
  for (const side of sides) rowWindow.move(side, before[side].first + step);
  const after = rowWindow.extents.peek();
  return after?.query.first !== before.query.first || after?.key.first !== before.key.first;
}

function hasFocus(area: HTMLElement): boolean {
  const { activeElement } = area.getRootNode() as Document | ShadowRoot;
  return area.closest(".headscope")?.contains(activeElement) ?? false;
}
