/**
 * Calls `point` with each event that brings the pointer over something in `area`. After a key was pressed a pointer that
 * rests does not count until it moves: the page that moves under it also brings it over things.
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
