import { batch } from "@preact/signals-core";
import type { Scene, SelectedTokens } from "./scene";

/** Moves to the next (1) or the previous (-1) of the listed layers; false if there is none. */
export function stepLayer(scene: Scene, step: 1 | -1): boolean {
  const layers = scene.layers.peek();
  const next = layers[layers.indexOf(scene.layer.peek()) + step];
  if (next === undefined) return false;
  scene.context.selection.layer.value = next;
  return true;
}

/** Shows or hides a head. The last active one stays. */
export function toggleHead(scene: Scene, head: number): void {
  const active = scene.heads.peek();
  if (head >= scene.numHeads.peek()) return;
  const next = active.includes(head) ? active.filter((other) => other !== head) : [...active, head];
  if (next.length > 0) activate(scene, next);
}

/** Shows one head alone, or all heads if it is already alone. */
export function isolateHead(scene: Scene, head: number): void {
  if (isAlone(scene, scene.layer.peek(), head)) showAllHeads(scene);
  else activate(scene, [head]);
}

/** Whether one head of a layer is selected, and no other. */
export function isAlone({ layer: shown, heads }: Scene, layer: number, head: number): boolean {
  const [only, ...others] = heads.peek();
  return shown.peek() === layer && only === head && others.length === 0;
}

export function showAllHeads(scene: Scene): void {
  scene.context.selection.heads.value = null;
}

function activate(scene: Scene, heads: readonly number[]): void {
  const isAll = heads.length === scene.numHeads.peek();
  scene.context.selection.heads.value = isAll ? null : [...heads].sort((a, b) => a - b);
}

/** Unpins all tokens; false if none were pinned. */
export function unpin({ query, key }: SelectedTokens): boolean {
  const wasPinned = query.peek() !== null || key.peek() !== null;
  batch(() => {
    query.value = null;
    key.value = null;
  });
  return wasPinned;
}
