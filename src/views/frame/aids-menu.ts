import { batch, computed } from "@preact/signals-core";
import type { Aids } from "../../core/state/context";
import { sideLookedFrom } from "../../core/state/side";
import { element } from "../../dom/element";
import { checkbox, numberInput } from "../../dom/inputs";
import { menu, openAround } from "../../dom/menu";
import { effectUntil } from "../../dom/until";
import { noteParts } from "../scene/aids-note";
import { type Scene, showsOneText } from "../scene/scene";
import { mountSearch } from "../tokens/search";
import { segmentAids } from "../tokens/segments";
import { aidToggles } from "./aid-toggles";
import { directionChoice } from "./direction";
import { leftOutBar } from "./left-out-bar";
import { lineControls } from "./line-controls";

/** The controls of the reading aids in a toolbar. */
export interface AidControls {
  readonly controls: readonly HTMLElement[];
  /** Names the keys that are left out; it belongs under the toolbar. */
  readonly bar: HTMLElement;
  /** Moves the focus to the field that finds tokens. */
  search(): void;
}

/**
 * The reading aids: a field that finds tokens, switches for what is left out first, and a menu of the others, whose
 * button shows how many are on. If the view's toolbar has a control for the direction, the menu offers the direction
 * only while that control is hidden.
 */
export function aidsMenu(
  scene: Scene,
  signal: AbortSignal,
  { hasDirection = false, hasLines = false }: { readonly hasDirection?: boolean; readonly hasLines?: boolean } = {},
): AidControls {
  const { aids } = scene.context.options;
  const search = mountSearch(scene, signal);
  const words = checkbox("Words in place of tokens", aids.mergeWords, signal);
  const why = element("div", { class: "hs-menu-note hs-quiet" });
  const segments = segmentAids(scene, signal);
  const clear = element("button", { type: "button", class: "hs-button" }, "Reset");
  clear.addEventListener("click", () => clearAids(aids), { signal });
  const direction = row("Token", directionChoice(scene, signal));
  effectUntil(signal, () => {
    direction.hidden = hasDirection && showsOneText(scene);
  });
  const content = [
    direction,
    row("Hide weights below", threshold(aids, signal)),
    topK(aids, signal),
    words,
    why,
    segments,
    ...(hasLines ? lineControls(scene, signal) : []),
    clear,
  ];
  const made = menu(NAME, content, signal);
  made.button.dataset.icon = "aids";
  made.button.title = "Show less, or words and segments in place of tokens";
  const count = computed(() => noteParts(aids).length);
  effectUntil(signal, () => {
    const known = scene.wholeMap.value?.query_words !== null || scene.wholeMap.value?.key_words !== null;
    const box = words.querySelector("input");
    if (box) box.disabled = !known;
    why.textContent = known ? "Weights are summed over keys, and their mean is taken over queries" : NO_WORDS;
  });
  effectUntil(signal, () => {
    made.button.textContent = count.value > 0 ? `${NAME} (${count.value})` : NAME;
    made.button.classList.toggle("hs-on", count.value > 0);
    made.button.dataset.count = count.value > 0 ? String(count.value) : "";
    clear.disabled = count.value === 0;
  });
  return {
    controls: [aidToggles(scene, signal), search.control, made.control],
    bar: leftOutBar(scene, signal),
    search() {
      // In a narrow toolbar the field is in the menu of what does not fit.
      openAround(search.input);
      search.input.focus({ preventScroll: true });
    },
  };
}

const NAME = "Simplify";
const NO_WORDS = "The words of these tokens are not known";

function threshold({ threshold }: Aids, signal: AbortSignal): HTMLElement {
  return numberInput("Hide weights below", threshold, { min: 0, max: 0.99, step: 0.01, none: "none" }, signal);
}

function topK(aids: Aids, signal: AbortSignal): HTMLElement {
  const input = numberInput("", aids.topK, { min: 1, max: 9999, step: 1, none: "all" }, signal);
  const name = element("span", {});
  effectUntil(signal, () => {
    name.textContent = `Top ${strongestWhat(aids)}`;
    input.setAttribute("aria-label", name.textContent);
  });
  return element("div", { class: "hs-menu-row" }, name, input);
}

function strongestWhat(aids: Aids): string {
  return sideLookedFrom(aids) === "query" ? "keys per query" : "queries per key";
}

function row(text: string, control: HTMLElement): HTMLElement {
  return element("div", { class: "hs-menu-row" }, element("span", {}, text), control);
}

function clearAids(aids: Aids): void {
  batch(() => {
    aids.threshold.value = null;
    aids.topK.value = null;
    aids.hideSpecial.value = false;
    aids.hideSink.value = false;
    aids.exclude.value = [];
    aids.keepSinks.value = [];
    aids.mergeWords.value = false;
    aids.mergeSegments.value = false;
  });
}
