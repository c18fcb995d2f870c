import type { ReadonlySignal } from "@preact/signals-core";
import type { ViewKind } from "../../contract.gen";
import { predictedTitle } from "../../core/look/predicted";
import { titleStart, viewTitle } from "../../core/look/view-title";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";
import { titledPlace } from "../scene/titled-place";

/** The title above a view: capture, attention map, layer and heads; and beside it what the model predicts. */
export function mountHeading(
  root: HTMLElement,
  scene: Scene,
  view: ViewKind,
  heads: ReadonlySignal<readonly number[]>,
  signal: AbortSignal,
): void {
  const [start, place] = [element("span", { class: "hs-heading-start" }), element("span", {})];
  const heading = element("div", { class: "hs-heading" }, start, place);
  const predicted = element("div", { class: "hs-predicted" });
  root.append(element("div", { class: "hs-headline" }, heading, predicted));
  effectUntil(signal, () => {
    const titled = { ...titledPlace(scene, view), heads: heads.value };
    const text = viewTitle(titled);
    const length = titleStart(titled).filter(Boolean).join(", ").length;
    start.textContent = text.slice(0, length + 1);
    place.textContent = text.slice(length + 1);
    heading.title = text;
  });
  effectUntil(signal, () => {
    predicted.textContent = predictedTitle(scene.wholeMap.value);
    predicted.title = predicted.textContent;
    predicted.hidden = predicted.textContent === "";
  });
}
