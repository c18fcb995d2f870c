import { type ReadonlySignal, signal as signalOf } from "@preact/signals-core";

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
