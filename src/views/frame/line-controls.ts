import { computed } from "@preact/signals-core";
import { choiceControl } from "../../dom/choice";
import { element } from "../../dom/element";
import { scaleControl } from "../heat/color-controls";
import type { Scene } from "../scene/scene";
import { lineScale } from "../scene/weight-scale";

/** Stands for no gain. */
const RELATIVE = "relative";
const GAINS = [1, 2, 4, 8, 16];

/** The rows of a menu that choose how weights become strengths of lines. */
export function lineControls(scene: Scene, signal: AbortSignal): readonly HTMLElement[] {
  return [
    row("Scale of lines", scaleControl("Scale of lines", scene, lineScale, signal)),
    row("Strength of lines", gainControl(scene, signal)),
  ];
}

function gainControl({ context }: Scene, signal: AbortSignal): HTMLElement {
  const { gain } = context.options;
  // Python can set any number.
  const choices = computed(() => [
    { value: RELATIVE, label: "relative to the strongest" },
    ...[...new Set([...GAINS, gain.value ?? 1])]
      .sort((a, b) => a - b)
      .map((factor) => ({ value: String(factor), label: `×${factor}` })),
  ]);
  const choose = (chosen: string) => {
    gain.value = chosen === RELATIVE ? null : Number(chosen);
  };
  const chosen = computed(() => (gain.value === null ? RELATIVE : String(gain.value)));
  return choiceControl("Strength of lines", choices, chosen, choose, signal);
}

function row(text: string, control: HTMLElement): HTMLElement {
  return element("div", { class: "hs-menu-row" }, element("span", {}, text), control);
}
