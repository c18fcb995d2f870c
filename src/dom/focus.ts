/** How far the edge of a scroller stays from what is brought into sight, in CSS pixels. */
const MARGIN = 4;

/**
 * Focuses an element and scrolls it into sight, but only within what a reader can scroll. The browser's own `focus()`
 * also scrolls boxes whose overflow is hidden: in VS Code it would shift all outputs of a notebook against its cells.
 */
export function focusInSight(target: HTMLElement): void {
  target.focus({ preventScroll: true });
  for (let box = target.parentElement; box; box = box.parentElement) if (scrolls(box)) reveal(target, box);
}

function scrolls(box: HTMLElement): boolean {
  const { overflowX, overflowY } = getComputedStyle(box);
  if (box === document.documentElement)
    return ![overflowY, getComputedStyle(document.body).overflowY].includes("hidden");
  return /auto|scroll/.test(`${overflowX} ${overflowY}`);
}

function reveal(target: HTMLElement, box: HTMLElement): void {
  const isPage = box === document.documentElement;
  const inner = target.getBoundingClientRect();
  const outer = isPage ? new DOMRect(0, 0, box.clientWidth, box.clientHeight) : box.getBoundingClientRect();
  box.scrollTop += overshoot(inner.top, inner.bottom, outer.top, outer.top + box.clientHeight);
  box.scrollLeft += overshoot(inner.left, inner.right, outer.left, outer.left + box.clientWidth);
}

/** By how much a range must move to lie within another; its start counts if it is too long. */
function overshoot(start: number, end: number, from: number, to: number): number {
  if (start < from + MARGIN) return Math.min(0, start - from - MARGIN);
  return Math.max(0, Math.min(end - to + MARGIN, start - from - MARGIN));
}
