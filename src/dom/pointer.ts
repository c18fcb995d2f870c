/**
 * Calls `point` with each event that brings the pointer over something in `area`. After a key press, a resting pointer
 * does not count until it moves, because elements that move under it cause such events too.
 */
export function followPointer(area: HTMLElement, point: (event: Event) => void, signal: AbortSignal): void {
  let isResting = false;
  area.addEventListener(
    "keydown",
    () => {
      isResting = true;
    },
    { signal, capture: true },
  );
  area.addEventListener(
    "pointermove",
    (event) => {
      if (isResting) point(event);
      isResting = false;
    },
    { signal },
  );
  area.addEventListener(
    "pointerover",
    (event) => {
      if (!isResting) point(event);
    },
    { signal },
  );
}
