import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import type { Axis } from "../../core/reduce/axis";
import { sideLookedFrom } from "../../core/state/side";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";

/** The shown tokens that match the search. */
export interface Matches {
  readonly queries: readonly number[];
  readonly keys: readonly number[];
}

const NONE: Matches = { queries: [], keys: [] };

export function matchesOf(scene: Scene): ReadonlySignal<Matches> {
  const { search } = scene.context.options.aids;
  return computed(() => {
    const [description, whole, shownMap] = [scene.description.value, scene.wholeMap.value, scene.shownMap.value];
    if (!description || !whole || !shownMap) return NONE;
    if (!shownMap.isRemote) return findTokens(description, search.value);
    // Tokens out of sight are found too, by the row that gathers them.
    const { queries, keys } = findTokens(whole, search.value);
    return { queries: rowsOf(queries, shownMap.queries), keys: rowsOf(keys, shownMap.keys) };
  });
}

function rowsOf(positions: readonly number[], { shownAt }: Axis): number[] {
  return [...new Set(positions.map((position) => shownAt[position] as number))].filter((row) => row >= 0);
}

function findTokens(description: MapDescription, search: string): Matches {
  const sought = search.trim().toLowerCase();
  if (sought === "") return NONE;
  const holding = (tokens: readonly string[]) =>
    [...tokens.keys()].filter((position) => tokens[position]?.toLowerCase().includes(sought));
  return { queries: holding(description.query_tokens), keys: holding(description.key_tokens) };
}

/**
 * A search field that marks tokens. Enter pins the next match, as a query or a key by the direction, and Shift Enter
 * the previous one.
 */
export function mountSearch(scene: Scene, signal: AbortSignal): { control: HTMLElement; input: HTMLInputElement } {
  const { search } = scene.context.options.aids;
  const matches = matchesOf(scene);
  const input = element("input", { type: "search", "aria-label": "Find a token", placeholder: "Find a token" });
  const found = element("span", { class: "hs-quiet", "aria-live": "polite" });
  input.addEventListener(
    "input",
    () => {
      search.value = input.value;
    },
    { signal },
  );
  input.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape" && search.peek() !== "") {
        // Otherwise tokens would stay marked after the reader has left the field.
        search.value = "";
        event.stopPropagation();
      }
      if (event.key !== "Enter") return;
      pinNext(scene, matches.peek(), event.shiftKey ? -1 : 1);
      event.preventDefault();
    },
    { signal },
  );
  effectUntil(signal, () => {
    if (input.value !== search.value) input.value = search.value;
  });
  effectUntil(signal, () => {
    found.textContent = search.value.trim() === "" ? "" : foundText(matches.value, scene.description.value);
  });
  return { control: element("div", { class: "hs-control hs-find" }, input, found), input };
}

function foundText({ queries, keys }: Matches, description: MapDescription | undefined): string {
  const isSame = description?.query_tokens.join("\0") === description?.key_tokens.join("\0");
  if (isSame) return queries.length === 0 ? "not found" : `${queries.length} found: Enter pins`;
  return `${queries.length} of the queries, ${keys.length} of the keys`;
}

/** The first Enter pins an exact match, as `capture.select` does; further ones go on from there. */
function pinNext({ tokens, context, description }: Scene, { queries, keys }: Matches, step: 1 | -1): void {
  const side = sideLookedFrom(context.options.aids);
  const found = side === "query" ? queries : keys;
  if (found.length === 0) return;
  const from = tokens[side].peek();
  if (from === null || !found.includes(from)) {
    const texts = (side === "query" ? description.peek()?.query_tokens : description.peek()?.key_tokens) ?? [];
    tokens[side].value = nearest(found, texts, context.options.aids.search.peek().trim(), step);
    return;
  }
  const next = step > 0 ? found.find((row) => row > from) : found.filter((row) => row < from).at(-1);
  tokens[side].value = next ?? (found.at(step > 0 ? 0 : -1) as number);
}

/** An exact match; otherwise a match in other letter case; otherwise any token that contains the text. */
function nearest(found: readonly number[], texts: readonly string[], sought: string, step: 1 | -1): number {
  const ordered = step > 0 ? found : [...found].reverse();
  const bare = (row: number) => texts[row]?.trim() ?? "";
  const whole =
    ordered.find((row) => bare(row) === sought) ??
    ordered.find((row) => bare(row).toLowerCase() === sought.toLowerCase());
  return whole ?? (ordered[0] as number);
}
