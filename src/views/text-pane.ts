import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { element } from "../dom/element";
import { tellWidth } from "../dom/size";
import { effectUntil } from "../dom/until";
import { type Answer, watchBlocks } from "./blocks";
import { followFocus } from "./focus";
import { heatLegend } from "./heat-legend";
import type { KeyBinding } from "./keys";
import type { Lines } from "./lines";
import { unpin } from "./pointing";
import { PENDING } from "./progress";
import type { Scene } from "./scene";
import { matchesOf } from "./search";
import { shownHeads } from "./shown-heads";
import { passagesOf } from "./text-passages";
import { mountTextPointing } from "./text-pointing";
import { type Shading, shadeQuantity, shadingOf } from "./text-shading";
import { markTokens, passageElement, shadeInks, shadeTokens } from "./text-tokens";

/** The input as running text. What it has in common with lines is read in the same way. */
export interface TextPane extends Pick<Lines, "progress" | "layer" | "heads" | "focus"> {
  readonly shading: ReadonlySignal<Shading>;
  readonly keys: readonly KeyBinding[];
}

/** The input as running text, each token shaded by what the pointed or pinned one attends to, with a legend. */
export function mountText(parent: HTMLElement, scene: Scene, signal: AbortSignal): TextPane {
  const { answer, progress } = watchBlocks(scene.context.source, scene.request, signal);
  const focus = followFocus(scene);
  const heads = computed(() => shownHeads(scene, answer.value));
  const shading = shadingOf(scene, heads, focus);
  const { scale } = scene.context.options;
  const quantity = computed(() => shadeQuantity(shading.value, scene));
  const top = computed(() => shading.value.top);
  const area = element("div", { class: "hs-text" });
  const box = element("div", { class: "hs-scroll" }, area);
  tellWidth(box, signal);
  parent.append(element("div", { class: "hs-heat-bar" }, heatLegend(scene, quantity, top, signal)), box);

  const passages = computed(() => passagesOf(scene).map(passageElement));
  const tokens = computed(() => passages.value.flatMap(({ shown }) => shown));
  effectUntil(signal, () => {
    tokens.value[0]?.mark.setAttribute("tabindex", "0");
    area.replaceChildren(...passages.value.map(({ root }) => root));
  });
  const inks = computed(() => shadeInks(scene.dark.value, scale.value, top.value));
  const painted = signalOf<Answer | null>(null);
  effectUntil(signal, () => {
    if (heads.value.length > 0) shadeTokens(tokens.value, shading.value, inks.value);
    painted.value = answer.value;
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
  const isBehind = () => progress.value.state === "ready" && answer.value !== painted.value;
  return {
    progress: computed(() => (isBehind() ? PENDING : progress.value)),
    layer: computed(() => painted.value?.layer ?? null),
    heads,
    focus,
    shading,
    keys: textKeys(scene),
  };
}

function textKeys(scene: Scene): readonly KeyBinding[] {
  return [
    { keys: "← →", meaning: "on a token: the one before, the next" },
    { keys: "↑ ↓", meaning: "on a token: the nearest of the line above, below" },
    { keys: "Enter", meaning: "on a token: pin it, or let it go" },
    {
      keys: "Esc",
      meaning: "let go of what is pinned",
      press: (key) => key === "Escape" && unpin(scene.tokens),
    },
  ];
}
