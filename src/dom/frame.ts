/** Runs before the page is painted next; soon where the page is not seen, for then it is not painted. */
export function nextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run);
  else requestAnimationFrame(() => run());
}
