import { batch } from "@preact/signals-core";
import type { Direction } from "../contract.gen";
import { element } from "../dom/element";
import { effectUntil } from "../dom/until";
import { labelled } from "./controls";
import { scaleControl } from "./heat-legend";
import type { Scene } from "./scene";
import { isOneText } from "./text-passages";

const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  ["out", "attends to"],
  ["in", "attended by"],
];

/** The toolbar's choices for running text: which way it is shaded, and how weights become colours. */
export function textControls(scene: Scene, signal: AbortSignal): HTMLElement[] {
  return [directionControl(scene, signal), scaleControl(scene, signal)];
}

/** Whether tokens are shaded by what a token attends to or by what attends to it. Where two texts stand there, the text tells. */
function directionControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const { selection, options } = scene.context;
  const { direction } = options.aids;
  const buttons = DIRECTIONS.map(([value, label]) => {
    const button = element("button", { type: "button", class: "hs-button" }, label);
    button.addEventListener("click", () => turn(scene, value), { signal });
    effectUntil(signal, () => button.setAttribute("aria-pressed", String(direction.value === value)));
    return button;
  });
  const group = element("div", { class: "hs-segments", role: "group", "aria-label": "Direction" }, ...buttons);
  const control = labelled("Token", group);
  effectUntil(signal, () => {
    control.hidden = !isOneText(scene.whole.value, selection.pair.value);
  });
  return control;
}

/** A pinned token stays pinned, and is looked at from its other side. */
function turn(scene: Scene, next: Direction): void {
  const { selection, options } = scene.context;
  const { direction } = options.aids;
  if (direction.peek() === next) return;
  const [from, to] = next === "in" ? [selection.query, selection.key] : [selection.key, selection.query];
  batch(() => {
    direction.value = next;
    if (from.peek() === null || to.peek() !== null) return;
    to.value = from.peek();
    from.value = null;
  });
}
