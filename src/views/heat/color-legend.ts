import type { ReadonlySignal } from "@preact/signals-core";
import { LOG_FLOOR, type Scale } from "../../core/look/colors";
import { formatWeight } from "../../core/look/format";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";
import { heatScale, SCALES, type ScaleEnd } from "../scene/weight-scale";

const STOPS = 16;
const MASKED = "Hatched: the query cannot attend to the key, or no head that is shown gives it any weight";

/** A strip of the colours with their quantity, and the weights at its ends and in its middle. */
export function heatLegend(
  scene: Scene,
  quantity: ReadonlySignal<string>,
  top: ReadonlySignal<ScaleEnd>,
  hasMask: ReadonlySignal<boolean>,
  signal: AbortSignal,
): HTMLElement {
  const name = element("div", { class: "hs-heat-legend-name" });
  const ramp = element("div", { class: "hs-ramp" });
  const numbers = element("div", { class: "hs-heat-legend-numbers" });
  const masked = element("div", { class: "hs-masked", title: MASKED });
  const legend = element("div", { class: "hs-heat-legend", role: "img" }, name, ramp, numbers, masked);
  effectUntil(signal, () => {
    masked.hidden = !hasMask.value;
    masked.textContent = hasMask.value ? "masked" : "";
  });
  effectUntil(signal, () => {
    ramp.style.background = rampOf(scene.heat.value);
  });
  effectUntil(signal, () => {
    const { scale } = heatScale(scene);
    const ticks = tickNumbers(scale, top.value);
    name.textContent = `${quantity.value}, ${scaleName(scale, top.value)}`;
    numbers.replaceChildren(...ticks.map((number) => element("span", {}, number)));
    legend.setAttribute("aria-label", `Colours: ${name.textContent}, from ${ticks[0]} to ${ticks[2]}`);
  });
  return legend;
}

/** The scale in words, and whether sinks exceed it. */
export function scaleName(scale: Scale, { isExceeded }: ScaleEnd): string {
  return `${SCALES[scale]} scale${isExceeded ? ", sinks beyond it" : ""}`;
}

/** The weights of the first, the middle and the last colour. */
export function tickNumbers(scale: Scale, { weight, isExceeded }: ScaleEnd): readonly [string, string, string] {
  const last = `${isExceeded ? "≥ " : ""}${formatWeight(weight)}`;
  if (scale === "log") return [`≤ ${small(weight * LOG_FLOOR)}`, small(weight * Math.sqrt(LOG_FLOOR)), last];
  return ["0", formatWeight(weight * (scale === "sqrt" ? 0.25 : 0.5)), last];
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
