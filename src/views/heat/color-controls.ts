import { computed, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { ColorMap, ColorScale } from "../../contract.gen";
import { COLOR_MAPS, colorMapName } from "../../core/look/colors";
import { choiceControl } from "../../dom/choice";
import { labelled } from "../frame/toolbar-controls";
import type { Scene } from "../scene/scene";
import { heatScale, SCALES, type WeightScale } from "../scene/weight-scale";

/** Chooses the scale and the colours of weights. */
export function heatControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const { colorMap } = scene.context.options;
  const maps = computed(() => namesOfMaps(scene.dark.value));
  return labelled(
    "Colours",
    scaleControl("Scale", scene, heatScale, signal),
    choice("Colour map", maps, colorMap, signal),
  );
}

/** Chooses the scale. The first choice says which scale the length of the text stands for. */
export function scaleControl(
  label: string,
  scene: Scene,
  scaleOf: (scene: Scene, chosen?: ColorScale) => WeightScale,
  signal: AbortSignal,
): HTMLSelectElement {
  const names = computed(() => ({ auto: `auto (${SCALES[scaleOf(scene, "auto").scale]})`, ...SCALES }));
  return choice(label, names, scene.context.options.scale, signal);
}

function namesOfMaps(dark: boolean): Readonly<Record<ColorMap, string>> {
  return Object.fromEntries(COLOR_MAPS.map((map) => [map, colorMapName(map, dark)])) as Record<ColorMap, string>;
}

function choice<T extends string>(
  label: string,
  names: ReadonlySignal<Readonly<Record<T, string>>>,
  value: Signal<T>,
  signal: AbortSignal,
): HTMLSelectElement {
  const choices = computed(() => Object.entries<string>(names.value).map(([value, label]) => ({ value, label })));
  const choose = (chosen: string) => {
    value.value = chosen as T;
  };
  const select = choiceControl(label, choices, value, choose, signal);
  select.title = label;
  return select;
}
