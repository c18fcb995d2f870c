import type { ReadonlySignal } from "@preact/signals-core";
import { css, inkOn } from "../../core/look/colors";
import { stripNumbers, stripsWidth } from "../../core/look/strip-numbers";
import type { Side } from "../../core/state/side";
import { element } from "../../dom/element";
import { widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { lineNumbers } from "../../draw/lines/line-numbers";
import type { LinesPicture } from "../../draw/lines/line-picture";
import type { Focus } from "../scene/focus";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import type { WeightsOf } from "../tokens/weight-marks";

/** Numbers the strongest line of each head, if there are several. The heads' colours alone do not tell them apart. */
export function mountLineNumbers(
  between: HTMLElement,
  picture: ReadonlySignal<LinesPicture<ShownHead>>,
  focus: ReadonlySignal<Focus>,
  signal: AbortSignal,
): void {
  const layer = element("div", { class: "hs-line-numbers", "aria-hidden": "true" });
  between.append(layer);
  effectUntil(signal, () => {
    const { strength, layout, width } = picture.value;
    const numbers = lineNumbers(strength, layout, width, focus.value.lines).map(({ one: { head, color }, x, y }) => {
      const chip = element("span", { class: "hs-chip" }, String(head));
      Object.assign(chip.style, { left: `${x}px`, top: `${y}px`, background: css(color), color: inkOn(color) });
      return chip;
    });
    layer.replaceChildren(...numbers);
  });
}

/** Numbers the strips of weights beside the tokens of each side, in the titles of their columns. */
export function mountStripNumbers(
  titles: Readonly<Record<Side, HTMLElement>>,
  area: HTMLElement,
  scene: Scene,
  heads: ReadonlySignal<readonly ShownHead[]>,
  marks: ReadonlySignal<Readonly<Record<Side, WeightsOf | null>>>,
  signal: AbortSignal,
): void {
  const numbers = {
    query: element("div", { class: "hs-strip-numbers" }),
    key: element("div", { class: "hs-strip-numbers" }),
  };
  for (const side of ["query", "key"] as const) {
    numbers[side].setAttribute("aria-hidden", "true");
    titles[side].append(numbers[side]);
  }
  // As wide as all heads of the layer need, so that nothing moves when some are switched off.
  effectUntil(signal, () => area.style.setProperty("--hs-strips-width", `${stripsWidth(scene.numHeads.value)}px`));
  const width = widthOf(numbers.query, stripsWidth(0), signal);
  effectUntil(signal, () => {
    const all = stripNumbers(
      heads.value.map(({ head }) => head),
      width.value,
    );
    for (const side of ["query", "key"] as const) {
      const shown = marks.value[side] === null ? [] : all;
      numbers[side].replaceChildren(
        ...shown.map(({ head, x, line }) => {
          const number = element("span", {}, String(head));
          Object.assign(number.style, { left: `${x}px`, bottom: line === 1 ? "8px" : "0" });
          return number;
        }),
      );
    }
  });
}
