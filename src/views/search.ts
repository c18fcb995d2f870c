import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { MapInfo } from "../contract.gen";
import type { Axis } from "../core/axis";
import { element } from "../dom/element";
import { effectUntil } from "../dom/until";
import { sideLookedFrom } from "./direction";
import type { Scene } from "./scene";

/** The shown tokens that hold what is searched for. */
export interface Matches {
  readonly queries: readonly number[];
  readonly keys: readonly number[];
}

const NONE: Matches = { queries: [], keys: [] };

export function matchesOf(scene: Scene): ReadonlySignal<Matches> {
  const { search } = scene.context.options.aids;
  return computed(() => {
    const [info, whole, lens] = [scene.info.value, scene.whole.value, scene.lens.value];
    if (!info || !whole || !lens) return NONE;
    if (!lens.isRemote) return findTokens(info, search.value);
    // Also what is out of sight is found: its row stands for it.
    const { queries, keys } = findTokens(whole, search.value);
    return { queries: rowsOf(queries, lens.queries), keys: rowsOf(keys, lens.keys) };
  });
}

function rowsOf(positions: readonly number[], { shownAt }: Axis): number[] {
  return [...new Set(positions.map((position) => shownAt[position] as number))].filter((row) => row >= 0);
}

function findTokens(info: MapInfo, search: string): Matches {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return NONE;
  const holding = (tokens: readonly string[]) =>
    [...tokens.keys()].filter((position) => tokens[position]?.toLowerCase().includes(wanted));
  return { queries: holding(info.query_tokens), keys: holding(info.key_tokens) };
}

/** A field whose text marks tokens; Enter pins the next one, as a query or a key by the direction, Shift Enter the one before. */
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
    found.textContent = search.value.trim() === "" ? "" : foundText(matches.value, scene.info.value);
  });
  return { control: element("div", { class: "hs-menu-row" }, input, found), input };
}

function foundText({ queries, keys }: Matches, info: MapInfo | undefined): string {
  const isSame = info?.query_tokens.join("\0") === info?.key_tokens.join("\0");
  if (isSame) return queries.length === 0 ? "not found" : `${queries.length} found: Enter pins`;
  return `${queries.length} of the queries, ${keys.length} of the keys`;
}

/** The first Enter pins the token that is the text itself, as `capture.select` does; the next ones go on from there. */
function pinNext({ tokens, context, info }: Scene, { queries, keys }: Matches, step: 1 | -1): void {
  const side = sideLookedFrom(context.options.aids);
  const found = side === "query" ? queries : keys;
  if (found.length === 0) return;
  const from = tokens[side].peek();
  if (from === null || !found.includes(from)) {
    const texts = (side === "query" ? info.peek()?.query_tokens : info.peek()?.key_tokens) ?? [];
    tokens[side].value = nearest(found, texts, context.options.aids.search.peek().trim(), step);
    return;
  }
  const next = step > 0 ? found.find((row) => row > from) : found.filter((row) => row < from).at(-1);
  tokens[side].value = next ?? (found.at(step > 0 ? 0 : -1) as number);
}

/** A token that is the text itself; else one that is so in other letter case; else any that holds it. */
function nearest(found: readonly number[], texts: readonly string[], wanted: string, step: 1 | -1): number {
  const ordered = step > 0 ? found : [...found].reverse();
  const bare = (row: number) => texts[row]?.trim() ?? "";
  const whole =
    ordered.find((row) => bare(row) === wanted) ??
    ordered.find((row) => bare(row).toLowerCase() === wanted.toLowerCase());
  return whole ?? (ordered[0] as number);
}
