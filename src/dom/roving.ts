import type { ReadonlySignal } from "@preact/signals-core";
import { focusInSight } from "./focus";
import { effectUntil } from "./until";

/** Makes a group of buttons one stop of the Tab key, in which arrow keys, Home and End move the focus. */
export function rovingFocus(
  group: HTMLElement,
  buttons: ReadonlySignal<readonly HTMLElement[]>,
  signal: AbortSignal,
): void {
  let at = 0;
  const stopAt = (index: number) => {
    at = Math.max(0, Math.min(index, buttons.peek().length - 1));
    for (const [place, button] of buttons.peek().entries()) button.tabIndex = place === at ? 0 : -1;
  };
  const reach = (event: Event) => {
    const index = buttons.peek().indexOf(event.target as HTMLElement);
    if (index >= 0) stopAt(index);
  };
  const move = (event: KeyboardEvent) => {
    const next = nextPlace(event.key, at, buttons.peek().length);
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    stopAt(next);
    const button = buttons.peek()[at];
    if (button) focusInSight(button);
    event.preventDefault();
    event.stopPropagation();
  };
  effectUntil(signal, () => {
    if (buttons.value.length > 0) stopAt(at);
  });
  group.addEventListener("focusin", reach, { signal });
  group.addEventListener("keydown", move, { signal });
}

function nextPlace(key: string, at: number, count: number): number | undefined {
  if (key === "ArrowLeft" || key === "ArrowUp") return at - 1;
  if (key === "ArrowRight" || key === "ArrowDown") return at + 1;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : undefined;
}
