/**
 * What a reader sees of a page in a frame. Where a frame is higher than the window, as in VS Code, whose outputs share
 * one frame as high as the notebook, the page can't see what scrolls it; only IntersectionObserver tells.
 */

/** Whether this page is in a frame. VS Code replaces `window.parent`, but nothing can replace `window.top`. */
export function isFramed(): boolean {
  return window.top !== window.self;
}

/** The share of an element that must come into or go out of sight until its observer is told. */
const SHARE = 0.005;
const SHARES = Array.from({ length: 1 + 1 / SHARE }, (_, index) => index * SHARE);
/** The same for the whole page, which is many times as high as its part in sight. */
const FINE = Array.from({ length: 1001 }, (_, index) => index / 1000);

/**
 * Calls `changed` with the height in CSS pixels of the part of the page that can be in sight at once, whenever it is
 * known: while the page goes on above and below that part.
 */
export function followVisibleHeight(root: HTMLElement, changed: (height: number) => void, signal: AbortSignal): void {
  const probe = document.createElement("div");
  probe.style.cssText = "position: fixed; inset: 0; visibility: hidden; pointer-events: none";
  root.append(probe);
  const told = ({ boundingClientRect: whole, intersectionRect: seen }: IntersectionObserverEntry) => {
    if (seen.top > whole.top && seen.bottom < whole.bottom) changed(Math.round(seen.height));
  };
  observe(probe, told, FINE, signal);
  signal.addEventListener("abort", () => probe.remove(), { once: true });
}

/** Calls `changed` with the height in CSS pixels of the part of an element that is out of sight below. */
export function followHiddenBelow(root: HTMLElement, changed: (height: number) => void, signal: AbortSignal): void {
  const told = ({ boundingClientRect: whole, intersectionRect: seen, isIntersecting }: IntersectionObserverEntry) => {
    const below = isIntersecting ? whole.bottom - seen.bottom : 0;
    changed(below > 0 ? below + SHARE * whole.height : 0);
  };
  observe(root, told, SHARES, signal);
}

function observe(
  target: Element,
  told: (entry: IntersectionObserverEntry) => void,
  threshold: number[],
  signal: AbortSignal,
): void {
  if (typeof IntersectionObserver === "undefined") return;
  const observer = new IntersectionObserver((entries) => told(entries.at(-1) as IntersectionObserverEntry), {
    threshold,
  });
  observer.observe(target);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
