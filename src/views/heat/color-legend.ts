import type { ReadonlySignal } from "@preact/signals-core";
import type { ColorScale } from "../../contract.gen";
import { LOG_FLOOR } from "../../core/look/colors";
import { formatWeight } from "../../core/look/format";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";
import { SCALES } from "./color-controls";

const STOPS = 16;

/** A strip of the colours with their quantity, and the weights at its ends and in its middle. */
export function heatLegend(
  scene: Scene,
  quantity: ReadonlySignal<string>,
  top: ReadonlySignal<number>,
  signal: AbortSignal,
): HTMLElement {
  const { scale } = scene.context.options;
  const name = element("div", { class: "hs-heat-legend-name" });
  const ramp = element("div", { class: "hs-ramp" });
  const numbers = element("div", { class: "hs-heat-legend-numbers" });
  const legend = element("div", { class: "hs-heat-legend", role: "img" }, name, ramp, numbers);
  effectUntil(signal, () => {
    ramp.style.background = rampOf(scene.heat.value);
  });
  effectUntil(signal, () => {
    const ticks = tickNumbers(scale.value, top.value);
    name.textContent = `${quantity.value}, ${SCALES[scale.value]} scale`;
    numbers.replaceChildren(...ticks.map((number) => element("span", {}, number)));
    legend.setAttribute("aria-label", `Colours: ${name.textContent}, from ${ticks[0]} to ${ticks[2]}`);
  });
  return legend;
}

/** The weights of the first, the middle and the last colour. */
export function tickNumbers(scale: ColorScale, top: number): readonly [string, string, string] {
  if (scale === "log") return [`≤ ${small(top * LOG_FLOOR)}`, small(top * Math.sqrt(LOG_FLOOR)), formatWeight(top)];
  return ["0", formatWeight(top * (scale === "sqrt" ? 0.25 : 0.5)), formatWeight(top)];
}

/** `formatWeight` does not tell weights below a thousandth apart. */
function small(weight: number): string {
  return weight < 0.001
    ? weight.toExponential(0).replace("e-", " × 10⁻").replace(/\d+$/, superscript)
    : formatWeight(weight);
}

function superscript(digits: string): string {
  return [...digits].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
}

function rampOf(table: Uint8ClampedArray): string {
  const stops = Array.from({ length: STOPS }, (_, stop) => {
    const entry = 3 * Math.round((255 * stop) / (STOPS - 1));
    return `rgb(${table.subarray(entry, entry + 3).join(" ")})`;
  });
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}
