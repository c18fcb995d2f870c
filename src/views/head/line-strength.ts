import { computed, type ReadonlySignal } from "@preact/signals-core";
import { formatWeight } from "../../core/look/format";
import type { TokenLayout } from "../../core/look/token-layout";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import { type Ends, type LineStrength, strengthOf, strengthTicks } from "../../draw/lines/strength";
import type { Focus } from "../scene/focus";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import { lineScale, SCALES, sinksOnScreen } from "../scene/weight-scale";

/** The strengths of the lines of the shown heads. */
export function lineStrength(
  scene: Scene,
  heads: ReadonlySignal<readonly ShownHead[]>,
  layout: ReadonlySignal<TokenLayout>,
): ReadonlySignal<LineStrength<ShownHead>> {
  const { gain } = scene.context.options;
  return computed(() => {
    const { scale, isBesideSinks } = lineScale(scene);
    const sinks = isBesideSinks && gain.value === null ? sinksOnScreen(scene, heads.value) : [];
    return strengthOf(heads.value, layout.value, { scale, gain: gain.value, sinks });
  });
}

const RELATIVE = "Relative to the strongest line on screen, unless lines would cover the picture";

/** Sample lines with their weights, and how weights become strengths. */
export function mountStrengthLegend(
  strength: ReadonlySignal<LineStrength>,
  focus: ReadonlySignal<Focus>,
  signal: AbortSignal,
): HTMLElement {
  const legend = element("div", { class: "hs-strength", role: "img" });
  effectUntil(signal, () => {
    const { heads, rule } = strength.value;
    const ticks = heads.length === 0 ? [] : strengthTexts(strength.value, focus.value.lines);
    const samples = ticks.map(({ text, opacity }) => {
      const line = element("i", {});
      line.style.opacity = opacity.toFixed(4);
      return element("span", {}, line, text);
    });
    const name = strengthName(strength.value);
    legend.replaceChildren(element("span", {}, "weight"), ...samples, element("span", {}, name));
    legend.title = rule.gain === null ? RELATIVE : "";
    legend.setAttribute("aria-label", `Legend of lines: ${name}, weights ${ticks.map(({ text }) => text).join(", ")}`);
  });
  return legend;
}

/** The legend's weights as texts, with the opacities of their lines. */
export function strengthTexts(strength: LineStrength, ends: Ends): readonly { text: string; opacity: number }[] {
  const ticks = strengthTicks(strength, ends);
  return ticks.map(({ weight, opacity }, at) => {
    const isOpen = at === ticks.length - 1 && (strength.isExceeded || weight < strength.end);
    const round = at === ticks.length - 1 ? formatWeight(weight) : String(weight);
    return { text: isOpen ? `≥ ${round}` : round, opacity };
  });
}

/** How weights become strengths, in words. */
export function strengthName({ rule, isExceeded }: LineStrength): string {
  const parts = [SCALES[rule.scale], ...(rule.gain === null ? ["relative to the strongest"] : [`×${rule.gain}`])];
  return [...parts, ...(isExceeded ? ["sinks beyond it"] : [])].join(", ");
}
