import type { ReadonlySignal } from "@preact/signals-core";
import type { ColorScale } from "../contract.gen";
import { formatWeight } from "../core/numbers";
import { LOG_FLOOR } from "../core/scale";
import { element } from "../dom/element";
import { effectUntil } from "../dom/until";
import { SCALES } from "./heat-controls";
import type { Scene } from "./scene";

const STOPS = 16;

/** The colours with what they stand for, and the weights at the ends and in the middle. */
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
    const told = tickNumbers(scale.value, top.value);
    name.textContent = `${quantity.value}, ${SCALES[scale.value]} scale`;
    numbers.replaceChildren(...told.map((number) => element("span", {}, number)));
    legend.setAttribute("aria-label", `Colours: ${name.textContent}, from ${told[0]} to ${told[2]}`);
  });
  return legend;
}

/** The weights of the first, the middle and the last colour. */
export function tickNumbers(scale: ColorScale, top: number): readonly [string, string, string] {
  if (scale === "log") return [`≤ ${small(top * LOG_FLOOR)}`, small(top * Math.sqrt(LOG_FLOOR)), formatWeight(top)];
  return ["0", formatWeight(top * (scale === "sqrt" ? 0.25 : 0.5)), formatWeight(top)];
}

/** Under a thousandth `formatWeight` no longer tells weights apart. */
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
