import { batch, computed } from "@preact/signals-core";
import { isComposed } from "../../core/composed/composed-map";
import { layerName, layerPlace } from "../../core/look/layer-name";
import { attentionOptions, attentionValue } from "../../core/state/sentence-pair";
import { choiceControl } from "../../dom/choice";
import { element, setAttribute } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import { stepLayer } from "../scene/move-selection";
import type { Scene } from "../scene/scene";

/**
 * Chooses the attention map and the sentences to show. Empty if there is only one choice. A view of one attention at a
 * time does not offer the picture of all, but says so where it is the capture's choice.
 */
export function attentionControl(scene: Scene, signal: AbortSignal, ofOneMap = false): HTMLElement {
  const { selection, maps } = scene.context;
  const options = computed(() =>
    attentionOptions(maps.value.filter((map) => !ofOneMap || !isComposed(map) || map.name === selection.map.value)),
  );
  const value = computed(() => attentionValue(scene.description.value?.name ?? "", selection.pair.value));
  const choose = (chosen: string) => {
    const option = options.peek().find((one) => one.value === chosen);
    if (!option) return;
    batch(() => {
      selection.map.value = option.map;
      selection.pair.value = option.pair;
    });
  };
  const control = lasting("Attention", choiceControl("Attention", options, value, choose, signal));
  const parts = [...control.children];
  effectUntil(signal, () => {
    control.hidden = options.value.length < 2;
    control.replaceChildren(...(control.hidden ? [] : parts));
  });
  return control;
}

/** Chooses the layer, with buttons for the previous and the next one. */
export function layerControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const choices = computed(() => {
    const map = scene.description.value;
    return scene.layers.value.map((layer) => ({
      value: String(layer),
      label: layerName(map, layer),
      title: layerPlace(map, layer),
    }));
  });
  const value = computed(() => String(scene.layer.value));
  const choose = (chosen: string) => {
    scene.context.selection.layer.value = Number(chosen);
  };
  const select = choiceControl("Layer", choices, value, choose, signal);
  const previous = stepButton("‹", "Previous layer", () => stepLayer(scene, -1), signal);
  const next = stepButton("›", "Next layer", () => stepLayer(scene, 1), signal);
  effectUntil(signal, () => {
    const place = layerPlace(scene.description.value, scene.layer.value);
    setAttribute(select, "title", place || undefined);
    setAttribute(select, "aria-description", place || undefined);
  });
  effectUntil(signal, () => {
    const layers = scene.layers.value;
    previous.disabled = layers[0] === scene.layer.value;
    next.disabled = layers.at(-1) === scene.layer.value;
  });
  return lasting("Layer", previous, select, next);
}

/** A control that stays in the toolbar, however narrow it is. */
function lasting(text: string, ...controls: HTMLElement[]): HTMLElement {
  const made = labelled(text, ...controls);
  made.dataset.keep = "";
  return made;
}

export function stepButton(text: string, name: string, step: () => void, signal: AbortSignal): HTMLButtonElement {
  const button = element("button", { type: "button", class: "hs-button", "aria-label": name, title: name }, text);
  button.addEventListener("click", step, { signal });
  return button;
}

export function labelled(text: string, ...controls: HTMLElement[]): HTMLElement {
  return element("div", { class: "hs-control" }, element("span", { class: "hs-label" }, text), ...controls);
}
