import { computed, type Signal } from "@preact/signals-core";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";
import { labelled } from "./toolbar-controls";

const SPECIAL = "Leave out special tokens, such as [CLS] and padding";
const SINKS =
  "Leave out attention sinks: keys that gather much of the layer's attention. The other weights add up to 1";

/** Switches for what readers leave out first, where the text has it. */
export function aidToggles(scene: Scene, signal: AbortSignal): HTMLElement {
  const { hideSpecial, hideSink } = scene.context.options.aids;
  const special = toggle("Special", SPECIAL, hideSpecial, signal);
  const sinks = toggle("Sinks", SINKS, hideSink, signal);
  const hasSpecial = computed(() => {
    const { query_special = [], key_special = [] } = scene.wholeMap.value ?? {};
    return query_special.length + key_special.length > 0;
  });
  effectUntil(signal, () => {
    special.hidden = !hasSpecial.value && !hideSpecial.value;
  });
  return labelled("Hide", special, sinks);
}

function toggle(name: string, meaning: string, isOn: Signal<boolean>, signal: AbortSignal): HTMLElement {
  const button = element("button", { type: "button", class: "hs-button hs-switch", title: meaning }, name);
  button.setAttribute("aria-label", `Hide ${name.toLowerCase()}`);
  button.addEventListener(
    "click",
    () => {
      isOn.value = !isOn.peek();
    },
    { signal },
  );
  effectUntil(signal, () => button.setAttribute("aria-pressed", String(isOn.value)));
  return button;
}
