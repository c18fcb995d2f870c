import { batch } from "@preact/signals-core";
import type { Direction } from "../contract.gen";
import type { Aids } from "../core/context";
import { element } from "../dom/element";
import { effectUntil } from "../dom/until";
import type { Side } from "./columns";
import type { Scene } from "./scene";
import { isOneText } from "./text-passages";

const NAMES: readonly (readonly [Direction, string])[] = [
  ["out", "attends to"],
  ["in", "attended by"],
];

/** The side that a token is looked at from: as a query, by what it attends to, or as a key, by what attends to it. */
export function sideLookedFrom({ direction }: Aids): Side {
  return direction.value === "in" ? "key" : "query";
}

/** Whether queries and keys on screen are the same tokens of one text, each of which can be looked at from both sides. */
export function isShared(scene: Scene): boolean {
  return isOneText(scene.whole.value, scene.context.selection.pair.value);
}

/** Two buttons, one for each way to look at a token. */
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

/** A token that is pinned by itself stays pinned, and is looked at from its other side if it has one. */
function turn(scene: Scene, next: Direction): void {
  const { selection, options } = scene.context;
  const { direction } = options.aids;
  if (direction.peek() === next) return;
  const [from, to] = next === "in" ? [selection.query, selection.key] : [selection.key, selection.query];
  batch(() => {
    direction.value = next;
    if (from.peek() === null || to.peek() !== null || !isShared(scene)) return;
    to.value = from.peek();
    from.value = null;
  });
}
