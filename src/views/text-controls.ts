import { effectUntil } from "../dom/until";
import { labelled } from "./controls";
import { directionChoice, isShared } from "./direction";
import { heatControl } from "./heat-controls";
import type { Scene } from "./scene";

/** The toolbar's choices for running text: which way it is shaded, and how weights become colours. */
export function textControls(scene: Scene, signal: AbortSignal): HTMLElement[] {
  return [directionControl(scene, signal), heatControl(scene, signal)];
}

/** Whether tokens are shaded by what a token attends to or by what attends to it. Where two texts stand there, the text tells. */
function directionControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const control = labelled("Token", directionChoice(scene, signal));
  effectUntil(signal, () => {
    control.hidden = !isShared(scene);
  });
  return control;
}
