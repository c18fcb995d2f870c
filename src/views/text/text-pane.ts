import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { element } from "../../dom/element";
import { reportWidth } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { type KeyBinding, unpinKey } from "../frame/keys";
import { heatLegend } from "../heat/color-legend";
import { followPicture, type LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import { heatScale } from "../scene/weight-scale";
import { windowedScene } from "../scene/windowed-scene";
import { mountMinimap } from "../tokens/minimap";
import { mountWheelScrolling } from "../tokens/scrolling";
import { matchesOf } from "../tokens/search";
import { mountSegments } from "../tokens/segments";
import { markPointed, passageElement, shadeColors, shadeTokens } from "./passage-tokens";
import { passagesOf } from "./passages";
import { type Shading, shadeQuantity, shadingOf } from "./shading";
import { mountTextPointing } from "./text-pointing";

/** The pane of the input as running text. */
export interface TextPane extends LayerPicture {
  /** The scene of the pane, with the window of visible tokens on a long map. */
  readonly scene: Scene;
  readonly shading: ReadonlySignal<Shading>;
  readonly keys: readonly KeyBinding[];
}

/** The most visible tokens of a long text, whose weights take less than a megabyte to send. */
const TOKENS = 192;

/** The input as running text, each token shaded by its attention from the pointed or pinned token, with a legend. */
export function mountText(parent: HTMLElement, whole: Scene, signal: AbortSignal): TextPane {
  const scene = windowedScene(whole, signalOf(TOKENS), signal);
  const { picture, painted } = followPicture(scene, signal);
  const { heads, focus } = picture;
  const shading = shadingOf(scene, heads, focus, picture.isPartial);
  const quantity = computed(() => shadeQuantity(shading.value, scene));
  const top = computed(() => shading.value.top);
  const area = element("div", { class: "hs-text" });
  const box = element("div", { class: "hs-scroll" }, area);
  reportWidth(box, signal);
  const map = mountMinimap(scene, picture, signal);
  parent.append(
    element("div", { class: "hs-heat-bar" }, heatLegend(scene, quantity, top, signalOf(false), signal)),
    element("div", { class: "hs-with-minimap" }, map, box),
  );

  const passages = computed(() => passagesOf(scene).map(passageElement));
  const tokens = computed(() => passages.value.flatMap(({ shown }) => shown));
  effectUntil(signal, () => {
    tokens.value[0]?.mark.setAttribute("tabindex", "0");
    area.replaceChildren(...passages.value.map(({ root }) => root));
  });
  const inks = computed(() => shadeColors(scene.heat.value, heatScale(scene).scale, top.value.weight));
  effectUntil(signal, () => {
    if (heads.value.length > 0) shadeTokens(tokens.value, shading.value, inks.value);
    painted();
  });
  effectUntil(signal, () => {
    const pins = { query: scene.tokens.query.value, key: scene.tokens.key.value };
    markPointed(tokens.value, focus.value.tokens, pins);
  });
  const matches = matchesOf(scene);
  effectUntil(signal, () => {
    const { queries, keys } = matches.value;
    const [found, foundKeys] = [new Set<number | null>(queries), new Set<number | null>(keys)];
    for (const { piece, mark } of tokens.value) {
      mark.classList.toggle("hs-found", found.has(piece.query) || foundKeys.has(piece.key));
    }
  });
  mountTextPointing(area, tokens, scene, signal);
  mountWheelScrolling(area, scene, signal);
  mountSegments(area, scene, signal);
  return { ...picture, scene, shading, keys: textKeys(scene) };
}

function textKeys(scene: Scene): readonly KeyBinding[] {
  return [
    { keys: "← →", meaning: "on a token: the one before, the next" },
    { keys: "↑ ↓", meaning: "on a token: the nearest of the line above, below" },
    { keys: "Enter", meaning: "on a token: pin or unpin it" },
    unpinKey(scene),
  ];
}
