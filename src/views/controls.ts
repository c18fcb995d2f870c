import { batch, computed } from "@preact/signals-core";
import { attentionOptions, attentionValue } from "../core/pair";
import { choiceControl } from "../dom/choice";
import { element } from "../dom/element";
import { effectUntil } from "../dom/until";
import { stepLayer } from "./actions";
import type { Scene } from "./scene";

/** Chooses the attention map and the sentences shown. Empty while there is nothing to choose. */
export function attentionControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const { selection, maps } = scene.context;
  const options = computed(() => attentionOptions(maps.value));
  const value = computed(() => attentionValue(scene.info.value?.name ?? "", selection.pair.value));
  const choose = (chosen: string) => {
    const option = options.peek().find((one) => one.value === chosen);
    if (!option) return;
    batch(() => {
      selection.map.value = option.map;
      selection.pair.value = option.pair;
    });
  };
  const control = labelled("Attention", choiceControl("Attention", options, value, choose, signal));
  const parts = [...control.children];
  effectUntil(signal, () => {
    control.hidden = options.value.length < 2;
    control.replaceChildren(...(control.hidden ? [] : parts));
  });
  return control;
}

/** Chooses the layer, with a step to either side. */
export function layerControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const choices = computed(() => scene.layers.value.map((layer) => ({ value: String(layer), label: String(layer) })));
  const value = computed(() => String(scene.layer.value));
  const choose = (chosen: string) => {
    scene.context.selection.layer.value = Number(chosen);
  };
  const select = choiceControl("Layer", choices, value, choose, signal);
  const previous = stepButton("‹", "Previous layer", () => stepLayer(scene, -1), signal);
  const next = stepButton("›", "Next layer", () => stepLayer(scene, 1), signal);
  effectUntil(signal, () => {
    const layers = scene.layers.value;
    previous.disabled = layers[0] === scene.layer.value;
    next.disabled = layers.at(-1) === scene.layer.value;
  });
  return labelled("Layer", previous, select, next);
}

function stepButton(text: string, name: string, step: () => void, signal: AbortSignal): HTMLButtonElement {
  const button = element("button", { type: "button", class: "hs-button", "aria-label": name, title: name }, text);
  button.addEventListener("click", step, { signal });
  return button;
}

export function labelled(text: string, ...controls: HTMLElement[]): HTMLElement {
  return element("div", { class: "hs-control" }, element("span", { class: "hs-label" }, text), ...controls);
}
