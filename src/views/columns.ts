import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { MapInfo } from "../contract.gen";
import { element } from "../dom/element";
import { tokenColumns, tokenElement, tokenText } from "../dom/token";
import { effectUntil } from "../dom/until";
import type { Focus } from "./focus";
import type { Scene } from "./scene";
import { matchesOf } from "./search";

export type Side = "query" | "key";

/** The tokens of one side, from the first that is shown. */
export interface Column {
  readonly list: HTMLElement;
  readonly start: number;
  readonly tokens: readonly HTMLElement[];
}

/** Keeps the column of one side's tokens in `list`: built anew only when other tokens are shown. */
export function mountColumn(
  side: Side,
  scene: Scene,
  focus: ReadonlySignal<Focus>,
  signal: AbortSignal,
): ReadonlySignal<Column> {
  const list = element("div", { class: `hs-tokens hs-${side}`, role: "listbox" });
  list.setAttribute("aria-label", side === "query" ? "Query tokens" : "Key tokens");
  const column = computed(() => buildColumn(list, side, scene));
  effectUntil(signal, () => {
    const { tokens } = column.value;
    list.replaceChildren(...tokens);
  });
  effectUntil(signal, () => markFocus(column.value, focus.value.tokens[side]));
  effectUntil(signal, () => markPin(column.value, scene.tokens[side].value));
  const matches = matchesOf(scene);
  effectUntil(signal, () => markFound(column.value, matches.value[side === "query" ? "queries" : "keys"]));
  return column;
}

function buildColumn(list: HTMLElement, side: Side, scene: Scene): Column {
  const info = scene.info.value;
  const { queries, keys } = scene.ranges.value;
  const [start, stop] = side === "query" ? queries : keys;
  const texts = tokensOf(info, side).slice(start, stop);
  const special = new Set(side === "query" ? info?.query_special : info?.key_special);
  const tokens = texts.map((text, row) => tokenElement(text, side, start + row, special.has(start + row)));
  tokens[0]?.setAttribute("tabindex", "0");
  return { list, start, tokens };
}

function tokensOf(info: MapInfo | undefined, side: Side): readonly string[] {
  return (side === "query" ? info?.query_tokens : info?.key_tokens) ?? [];
}

/**
 * How many letters wide a side is. Of all its tokens, also those that a filter hides: so the picture keeps its place
 * when the filter changes.
 */
export function widestToken(info: MapInfo | undefined, side: Side): number {
  return tokensOf(info, side).reduce((most, token) => Math.max(most, tokenColumns(tokenText(token))), 4);
}

function markFocus({ list, tokens, start }: Column, position: number | null): void {
  list.querySelector(".hs-at")?.classList.remove("hs-at");
  if (position !== null) tokens[position - start]?.classList.add("hs-at");
}

function markPin({ list, tokens, start }: Column, position: number | null): void {
  list.querySelector("[aria-selected=true]")?.removeAttribute("aria-selected");
  if (position !== null) tokens[position - start]?.setAttribute("aria-selected", "true");
}

function markFound({ list, tokens, start }: Column, found: readonly number[]): void {
  for (const token of list.querySelectorAll(".hs-found")) token.classList.remove("hs-found");
  for (const position of found) tokens[position - start]?.classList.add("hs-found");
}

/** Makes a token the one that Tab reaches in its column, and moves the focus there. */
export function focusToken({ list, tokens }: Column, row: number): void {
  const token = tokens[Math.max(0, Math.min(row, tokens.length - 1))];
  list.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
  token?.setAttribute("tabindex", "0");
  token?.focus();
}
