import { batch } from "@preact/signals-core";
import type { Direction } from "../../contract.gen";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";
import { showsOneText } from "../scene/scene";

const NAMES: readonly (readonly [Direction, string])[] = [
  ["out", "attends to"],
  ["in", "attended to by"],
];

/** Two buttons, one for each direction in which to read a token. */
export function directionChoice(scene: Scene, signal: AbortSignal): HTMLElement {
  const { direction } = scene.context.options.aids;
  const buttons = NAMES.map(([value, label]) => {
    const button = element("button", { type: "button", class: "hs-button" }, label);
    button.addEventListener("click", () => turn(scene, value), { signal });
    effectUntil(signal, () => button.setAttribute("aria-pressed", String(direction.value === value)));
    return button;
  });
  return element("div", { class: "hs-segments", role: "group", "aria-label": "Direction" }, ...buttons);
}

/** Switches the direction. A single pinned token stays pinned and moves to its other side, if it has one. */
function turn(scene: Scene, next: Direction): void {
  const { selection, options } = scene.context;
  const { direction } = options.aids;
  if (direction.peek() === next) return;
  const [from, to] = next === "in" ? [selection.query, selection.key] : [selection.key, selection.query];
  batch(() => {
    direction.value = next;
    if (from.peek() === null || to.peek() !== null || !showsOneText(scene)) return;
    to.value = from.peek();
    from.value = null;
  });
}
