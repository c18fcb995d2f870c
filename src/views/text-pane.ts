import { computed, type ReadonlySignal } from "@preact/signals-core";
import { element } from "../dom/element";
import { tellWidth } from "../dom/size";
import { effectUntil } from "../dom/until";
import { heatLegend } from "./heat-legend";
import { type KeyBinding, unpinKey } from "./keys";
import { followPicture, type LayerPicture } from "./layer-picture";
import { mountMinimap } from "./minimap";
import { mountMoving } from "./moving";
import type { Scene } from "./scene";
import { matchesOf } from "./search";
import { mountSegments } from "./segments";
import { inSight } from "./sight";
import { passagesOf } from "./text-passages";
import { mountTextPointing } from "./text-pointing";
import { type Shading, shadeQuantity, shadingOf } from "./text-shading";
import { markTokens, passageElement, shadeInks, shadeTokens } from "./text-tokens";

/** The input as running text. What it has in common with lines is read in the same way. */
export interface TextPane extends LayerPicture {
  /** What is shown: of a long map the stretch in sight, the rest by its place. */
  readonly scene: Scene;
  readonly shading: ReadonlySignal<Shading>;
  readonly keys: readonly KeyBinding[];
}

/** How many tokens of a long text are in sight: their weights travel in less than a megabyte. */
const TOKENS = 192;

/** The input as running text, each token shaded by what the pointed or pinned one attends to, with a legend. */
export function mountText(parent: HTMLElement, whole: Scene, signal: AbortSignal): TextPane {
  const scene = inSight(whole, TOKENS, signal);
  const { picture, painted } = followPicture(scene, signal);
  const { heads, focus } = picture;
  const shading = shadingOf(scene, heads, focus, picture.isPartial);
  const { scale } = scene.context.options;
  const quantity = computed(() => shadeQuantity(shading.value, scene));
  const top = computed(() => shading.value.top);
  const area = element("div", { class: "hs-text" });
  const box = element("div", { class: "hs-scroll" }, area);
  tellWidth(box, signal);
  const map = mountMinimap(scene, picture, signal);
  parent.append(
    element("div", { class: "hs-heat-bar" }, heatLegend(scene, quantity, top, signal)),
    element("div", { class: "hs-with-minimap" }, map, box),
  );

  const passages = computed(() => passagesOf(scene).map(passageElement));
  const tokens = computed(() => passages.value.flatMap(({ shown }) => shown));
  effectUntil(signal, () => {
    tokens.value[0]?.mark.setAttribute("tabindex", "0");
    area.replaceChildren(...passages.value.map(({ root }) => root));
  });
  const inks = computed(() => shadeInks(scene.heat.value, scale.value, top.value));
  effectUntil(signal, () => {
    if (heads.value.length > 0) shadeTokens(tokens.value, shading.value, inks.value);
    painted();
  });
  effectUntil(signal, () => {
    const pins = { query: scene.tokens.query.value, key: scene.tokens.key.value };
    markTokens(tokens.value, focus.value.tokens, pins);
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
  mountMoving(area, scene, signal);
  mountSegments(area, scene, signal);
  return { ...picture, scene, shading, keys: textKeys(scene) };
}

function textKeys(scene: Scene): readonly KeyBinding[] {
  return [
    { keys: "← →", meaning: "on a token: the one before, the next" },
    { keys: "↑ ↓", meaning: "on a token: the nearest of the line above, below" },
    { keys: "Enter", meaning: "on a token: pin it, or let it go" },
    unpinKey(scene),
  ];
}
