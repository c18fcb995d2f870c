import { computed, type ReadonlySignal } from "@preact/signals-core";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import { heatLegend } from "../heat/color-legend";
import type { HeatSource } from "../heat/heat-source";
import type { Scene } from "../scene/scene";
import { STEP, type Zoom } from "./zoom";

/** The bar above the maps: the legend, a note, and the zoom buttons. */
export function heatBar(
  scene: Scene,
  source: ReadonlySignal<HeatSource>,
  zoom: Zoom,
  signal: AbortSignal,
): HTMLElement {
  const quantity = computed(() => source.value.quantity.value);
  const top = computed(() => source.value.top.value);
  const hasMask = computed(() => source.value.hasMask.value);
  const note = element("div", { class: "hs-heat-note", role: "status" });
  effectUntil(signal, () => {
    note.textContent = source.value.note.value;
  });
  return element(
    "div",
    { class: "hs-heat-bar" },
    heatLegend(scene, quantity, top, hasMask, signal),
    zoomButtons(zoom, signal),
    note,
  );
}

/** Buttons that zoom like the wheel and the keys. */
function zoomButtons(zoom: Zoom, signal: AbortSignal): HTMLElement {
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
    times.textContent = timesText(zoom.times.value);
  });
  const closer = button("+", "Zoom in", () => zoom.by(STEP));
  return element("div", { class: "hs-zoom", role: "group", "aria-label": "Zoom" }, out, times, closer, all);
}

/** Formats a zoom factor: "1.5×", "12×", "8,192×". */
function timesText(times: number): string {
  return `${times < 9.95 ? times.toFixed(1) : Math.round(times).toLocaleString("en")}×`;
}
