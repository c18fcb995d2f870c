import { computed } from "@preact/signals-core";
import type { Combine } from "../contract.gen";
import { type Choice, choiceControl } from "../dom/choice";
import { element } from "../dom/element";
import { effectUntil } from "../dom/until";
import { labelled } from "./controls";
import { scaleControl } from "./heat-legend";
import { type KeyBinding, unpinKey } from "./keys";
import type { Zoom } from "./matrix-zoom";
import type { Scene } from "./scene";

/** One press of a key or a button. */
const STEP = 1.5;

const COMBINE: readonly Choice[] = [
  { value: "each", label: "side by side" },
  { value: "mean", label: "mean" },
  { value: "sum", label: "sum" },
];

/** The toolbar's choices for heat maps: how several heads are shown, and how weights become colours. */
export function matrixControls(scene: Scene, signal: AbortSignal): HTMLElement[] {
  const { combine } = scene.context.options;
  const choose = (chosen: string) => {
    combine.value = chosen as Combine;
  };
  const select = choiceControl(
    "Show heads",
    computed(() => COMBINE),
    combine,
    choose,
    signal,
  );
  effectUntil(signal, () => {
    select.disabled = scene.heads.value.length < 2;
  });
  return [labelled("Show", select), scaleControl(scene, signal)];
}

/** Buttons for what the wheel and the keys do. */
export function zoomButtons(zoom: Zoom, signal: AbortSignal): HTMLElement {
  const button = (text: string, name: string, press: () => void) => {
    const made = element("button", { type: "button", class: "hs-button", "aria-label": name, title: name }, text);
    made.addEventListener("click", press, { signal });
    return made;
  };
  const out = button("−", "Zoom out", () => zoom.by(1 / STEP));
  const all = button("Whole map", "Show the whole map", () => zoom.reset());
  const times = element("span", { class: "hs-zoom-times" });
  effectUntil(signal, () => {
    const isWhole = zoom.times.value === 1;
    out.disabled = isWhole;
    all.disabled = isWhole;
    times.textContent = `${zoom.times.value.toFixed(zoom.times.value < 9.95 ? 1 : 0)}×`;
  });
  const closer = button("+", "Zoom in", () => zoom.by(STEP));
  return element("div", { class: "hs-zoom", role: "group", "aria-label": "Zoom" }, out, times, closer, all);
}

export function matrixKeys(scene: Scene, zoom: Zoom): readonly KeyBinding[] {
  return [
    {
      keys: "+  −",
      meaning: "zoom in, zoom out",
      press: (key) => {
        if (key === "+" || key === "=") zoom.by(STEP);
        else if (key === "-" || key === "−") zoom.by(1 / STEP);
        else return false;
        return true;
      },
    },
    { keys: "0", meaning: "on a zoomed map: the whole map" },
    { keys: "↑ ↓ ← →", meaning: "on the map: move to another cell; with Shift: move the zoomed map" },
    { keys: "Home End", meaning: "on the map: the first, the last key; Page Up, Page Down: the first, the last query" },
    { keys: "Enter", meaning: "on the map: pin the cell, or let it go" },
    { keys: "Ctrl wheel", meaning: "zoom; the wheel alone moves a zoomed map that was clicked" },
    unpinKey(scene),
  ];
}
