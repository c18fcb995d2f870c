import { batch, computed } from "@preact/signals-core";
import type { Aids } from "../../core/state/context";
import { sideLookedFrom } from "../../core/state/side";
import { element } from "../../dom/element";
import { checkbox, numberInput } from "../../dom/inputs";
import { type Menu, menu } from "../../dom/menu";
import { effectUntil } from "../../dom/until";
import { noteParts } from "../scene/aids-note";
import { type Scene, showsOneText } from "../scene/scene";
import { mountSearch } from "../tokens/search";
import { segmentAids } from "../tokens/segments";
import { directionChoice } from "./direction";

/**
 * The menu of the reading aids. Its button shows how many are on. If the view's toolbar has a control for the
 * direction, the menu offers the direction only while that control is hidden.
 */
export function aidsMenu(scene: Scene, signal: AbortSignal, hasDirection = false): Menu & { search(): void } {
  const { aids } = scene.context.options;
  const search = mountSearch(scene, signal);
  const words = checkbox("Words in place of tokens", aids.mergeWords, signal);
  const segments = segmentAids(scene, signal);
  const clear = element("button", { type: "button", class: "hs-button" }, "Show everything");
  clear.addEventListener("click", () => clearAids(aids), { signal });
  const direction = row("Token", directionChoice(scene, signal));
  effectUntil(signal, () => {
    direction.hidden = hasDirection && showsOneText(scene);
  });
  const content = [
    search.control,
    direction,
    row("Weights from", threshold(aids, signal)),
    topK(aids, signal),
    checkbox("Hide special tokens", aids.hideSpecial, signal),
    checkbox("Hide the first key (attention sink); the others add up to 1", aids.hideSink, signal),
    words,
    segments,
    clear,
  ];
  const made = menu("Aids", content, signal);
  const count = computed(() => noteParts(aids).length);
  effectUntil(signal, () => {
    const known = scene.wholeMap.value?.query_words !== null || scene.wholeMap.value?.key_words !== null;
    const box = words.querySelector("input");
    if (box) box.disabled = !known;
    words.title = known ? "Weights are summed over keys, and their mean is taken over queries" : NO_WORDS;
  });
  effectUntil(signal, () => {
    made.button.textContent = count.value > 0 ? `Aids (${count.value})` : "Aids";
    made.button.classList.toggle("hs-on", count.value > 0);
    clear.disabled = count.value === 0;
  });
  const open = () => {
    made.open();
    search.input.focus();
  };
  return { ...made, search: open };
}

const NO_WORDS = "The words of these tokens are not known";

function threshold({ threshold }: Aids, signal: AbortSignal): HTMLElement {
  return numberInput("Weights from", threshold, { min: 0, max: 0.99, step: 0.01, none: "visible" }, signal);
}

function topK(aids: Aids, signal: AbortSignal): HTMLElement {
  const input = numberInput("", aids.topK, { min: 1, max: 9999, step: 1, none: "all" }, signal);
  const name = element("span", {});
  effectUntil(signal, () => {
    name.textContent = `Strongest ${strongestWhat(aids)}`;
    input.setAttribute("aria-label", name.textContent);
  });
  return element("div", { class: "hs-menu-row" }, name, input);
}

function strongestWhat(aids: Aids): string {
  return sideLookedFrom(aids) === "query" ? "keys of each query" : "queries of each key";
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
    aids.mergeWords.value = false;
    aids.mergeSegments.value = false;
  });
}
