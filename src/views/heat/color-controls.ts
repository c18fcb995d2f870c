import { computed, type Signal } from "@preact/signals-core";
import type { ColorMap, ColorScale } from "../../contract.gen";
import { choiceControl } from "../../dom/choice";
import { labelled } from "../frame/toolbar-controls";
import type { Scene } from "../scene/scene";

/** The names of the scales. */
export const SCALES: Readonly<Record<ColorScale, string>> = { linear: "linear", sqrt: "square root", log: "log" };

const MAPS: Readonly<Record<ColorMap, string>> = { viridis: "viridis", greys: "greys", blues: "blues", heat: "heat" };

/** Chooses the scale and the colours of weights. */
export function heatControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const { scale, colorMap } = scene.context.options;
  const choices = [choice("Scale", SCALES, scale, signal), choice("Colour map", MAPS, colorMap, signal)];
  return labelled("Colours", ...choices);
}

function choice<T extends string>(
  label: string,
  names: Readonly<Record<T, string>>,
  value: Signal<T>,
  signal: AbortSignal,
): HTMLSelectElement {
  const choices = computed(() => Object.entries<string>(names).map(([value, label]) => ({ value, label })));
  const choose = (chosen: string) => {
    value.value = chosen as T;
  };
  const select = choiceControl(label, choices, value, choose, signal);
  select.title = label;
  return select;
}
