import { batch, computed } from "@preact/signals-core";
import type { MapInfo } from "../contract.gen";
import type { Aids } from "../core/context";
import { formatWeight } from "../core/numbers";
import { element } from "../dom/element";
import { checkbox, numberInput } from "../dom/inputs";
import { type Menu, menu } from "../dom/menu";
import { effectUntil } from "../dom/until";
import { directionChoice, isShared, sideLookedFrom } from "./direction";
import type { Scene } from "./scene";
import { mountSearch } from "./search";
import { hasSegments, segmentAids } from "./segments";

/**
 * A menu of what helps to read the view. Its button tells how many aids are on. A view whose toolbar lets choose the
 * direction has it here only while it does not stand there.
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
    direction.hidden = hasDirection && isShared(scene);
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
    const known = scene.whole.value?.query_words !== null || scene.whole.value?.key_words !== null;
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

const NO_WORDS = "Which tokens make a word is not known here";

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

/** What the aids that are on do to the view, in words; empty while none is on. */
export function aidsNote(aids: Aids, info: MapInfo | undefined): string {
  const lacks = new Set([
    ...(info?.query_words === null && info.key_words === null ? [WORDS] : []),
    ...(info && !hasSegments(info) ? [SEGMENTS] : []),
  ]);
  return noteParts(aids)
    .filter((part) => !lacks.has(part))
    .join("; ");
}

const WORDS = "words: sum over keys, mean over queries";
const SEGMENTS = "segments: sum over keys, mean over queries";

function noteParts(aids: Aids): string[] {
  const { threshold, topK, hideSpecial, hideSink, mergeWords, mergeSegments } = aids;
  const [one, several] =
    sideLookedFrom(aids) === "query" ? ["key", "keys"] : ["query of each key", "queries of each key"];
  const parts: string[] = [];
  if (mergeWords.value) parts.push(WORDS);
  if (mergeSegments.value) parts.push(SEGMENTS);
  if (hideSpecial.value) parts.push("without special tokens");
  if (hideSink.value) parts.push("without the first key, renormalised");
  if (topK.value !== null) parts.push(topK.value === 1 ? `strongest ${one}` : `${topK.value} strongest ${several}`);
  if (threshold.value !== null) parts.push(`weights from ${formatWeight(threshold.value)}`);
  return parts;
}
