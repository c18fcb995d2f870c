import { type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { element } from "./element";

/** The inner width of an element in CSS pixels; `before` until it is in a page. */
export function widthOf(target: HTMLElement, before: number, signal: AbortSignal): ReadonlySignal<number> {
  const width = signalOf(target.clientWidth || before);
  const observer = new ResizeObserver(() => {
    if (target.clientWidth > 0) width.value = target.clientWidth;
  });
  observer.observe(target);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  return width;
}

/** The width of an element, in the steps that the style sheet distinguishes. */
export type WidthStep = "narrow" | "medium" | "wide";

/**
 * Writes the width step of an element to `data-width` for the style sheet.
 * Container queries would be simpler. But in cells that JupyterLab attaches out of sight and shows later, Chromium
 * sometimes leaves the contents of such a container unstyled.
 */
export function reportWidth(target: HTMLElement, signal: AbortSignal): void {
  // The ruler has no height, so a change of the width never triggers the observer again.
  const ruler = element("div", { class: "hs-ruler", "aria-hidden": "true" });
  target.prepend(ruler);
  const observer = new ResizeObserver(() => {
    if (ruler.clientWidth > 0) target.dataset.width = stepOf(ruler.clientWidth);
  });
  observer.observe(ruler);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}

function stepOf(width: number): WidthStep {
  if (width < 480) return "narrow";
  return width < 640 ? "medium" : "wide";
}

/** The screen's pixel density, which changes when the reader zooms. */
export function densityOf(signal: AbortSignal): ReadonlySignal<number> {
  const density = signalOf(globalThis.devicePixelRatio);
  const watch = () => {
    density.value = globalThis.devicePixelRatio;
    if (signal.aborted) return;
    const query = matchMedia(`(resolution: ${globalThis.devicePixelRatio}dppx)`);
    query.addEventListener("change", watch, { once: true, signal });
  };
  watch();
  return density;
}

/** The visible part of a scrolled box, in CSS pixels from the top of its content. */
export interface VisibleStretch {
  readonly top: number;
  readonly height: number;
}

/** Follows the visible part of a scrolled box. */
export function seenOf(box: HTMLElement, signal: AbortSignal): ReadonlySignal<VisibleStretch> {
  const seen = signalOf<VisibleStretch>({ top: 0, height: 0 });
  const look = () => {
    seen.value = { top: box.scrollTop, height: box.clientHeight };
  };
  const observer = new ResizeObserver(look);
  observer.observe(box);
  box.addEventListener("scroll", look, { passive: true, signal });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  return seen;
}
