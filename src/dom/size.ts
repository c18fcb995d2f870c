import { type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { element } from "./element";

/** The inner width of an element in CSS pixels; `before` as long as it stands in no page. */
export function widthOf(target: HTMLElement, before: number, signal: AbortSignal): ReadonlySignal<number> {
  const width = signalOf(target.clientWidth || before);
  const observer = new ResizeObserver(() => {
    if (target.clientWidth > 0) width.value = target.clientWidth;
  });
  observer.observe(target);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  return width;
}

/** How wide an element is, in the steps that the style sheet tells apart. */
export type WidthStep = "narrow" | "medium" | "wide";

/**
 * Says in `data-width` how wide an element is, for the style sheet.
 *
 * Container queries would do it, but in the cells that JupyterLab attaches out of sight and shows later, Chromium now
 * and then leaves what is in such a container without its styles.
 */
export function tellWidth(target: HTMLElement, signal: AbortSignal): void {
  // Without a height of its own: a change of the width never changes what is observed a second time.
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

/** The part of a scrolled box that is seen, in CSS pixels from the top of what it holds. */
export interface Stretch {
  readonly top: number;
  readonly height: number;
}

/** What is seen of a scrolled box. */
export function seenOf(box: HTMLElement, signal: AbortSignal): ReadonlySignal<Stretch> {
  const seen = signalOf<Stretch>({ top: 0, height: 0 });
  const look = () => {
    seen.value = { top: box.scrollTop, height: box.clientHeight };
  };
  const observer = new ResizeObserver(look);
  observer.observe(box);
  box.addEventListener("scroll", look, { passive: true, signal });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  return seen;
}
