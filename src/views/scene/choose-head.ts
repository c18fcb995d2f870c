import { batch } from "@preact/signals-core";
import { isolateHead, toggleHead } from "./move-selection";
import type { Scene } from "./scene";

/** What a gesture on a head, on its square or thumbnail, means. */
export type Gesture = "alone" | "add" | "none";

/**
 * A click shows a head alone; with Ctrl, Cmd or Shift it adds or removes the head. Enter and Space on a button are
 * clicks too. A double click is one click, so that it shows a head alone as in BertViz.
 */
export function gestureOf({ ctrlKey, metaKey, shiftKey, detail }: MouseEvent): Gesture {
  if (detail > 0 && detail % 2 === 0) return "none";
  return ctrlKey || metaKey || shiftKey ? "add" : "alone";
}

/** Shows a head of the shown layer alone, or all heads if it already is; or adds or removes it. */
export function chooseHead(scene: Scene, head: number, gesture: Gesture): void {
  if (gesture === "alone") isolateHead(scene, head);
  if (gesture === "add") toggleHead(scene, head);
}

/** Shows a head of any map alone. */
export function goToHead({ context: { selection } }: Scene, map: string, layer: number, head: number): void {
  batch(() => {
    selection.map.value = map;
    selection.layer.value = layer;
    selection.heads.value = [head];
  });
}

/** Chooses a head of any layer. A head of another layer is shown alone, because a view shows heads of one layer. */
export function openHead(scene: Scene, layer: number, head: number, gesture: Gesture): void {
  const isThere = scene.layer.peek() === layer;
  if (isThere) chooseHead(scene, head, gesture);
  else if (gesture !== "none") {
    batch(() => {
      scene.context.selection.layer.value = layer;
      scene.context.selection.heads.value = [head];
    });
  }
}
