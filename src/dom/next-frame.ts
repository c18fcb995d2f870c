/** Runs before the next paint, or soon if the page is hidden and so not painted. */
export function nextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run);
  else requestAnimationFrame(() => run());
}
