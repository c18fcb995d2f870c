import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { MapInfo } from "../contract.gen";
import { isLong } from "../core/long";
import type { Span } from "../core/viewport";
import { element } from "../dom/element";
import { tokenColumns, tokenElement, tokenText } from "../dom/token";
import { effectUntil } from "../dom/until";
import type { Focus } from "./focus";
import { AXES, bandsOf, gatheredElement, inSightOf } from "./gathered";
import type { Scene } from "./scene";
import { matchesOf } from "./search";

export type Side = "query" | "key";

/** The tokens of one side, from the first that is shown. */
export interface Column {
  readonly list: HTMLElement;
  readonly start: number;
  readonly tokens: readonly HTMLElement[];
  /** The rows in sight; those before and after them gather others by their place. */
  readonly inSight: Span;
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
    const { tokens, inSight, start } = column.value;
    const isMovable = scene.movable?.extents.value;
    const bands = isMovable ? bandsOf(scene, side) : null;
    const [first, stop] = [inSight[0] - start, inSight[1] - start];
    list.replaceChildren(
      ...(bands ? [bands.before] : []),
      ...tokens.slice(first, stop),
      ...(bands ? [bands.after] : []),
    );
    bands?.before.append(...tokens.slice(0, first));
    bands?.after.append(...tokens.slice(stop));
  });
  effectUntil(signal, () => markFocus(column.value, focus.value.tokens[side]));
  effectUntil(signal, () => markPin(column.value, scene.tokens[side].value));
  const matches = matchesOf(scene);
  effectUntil(signal, () => markFound(column.value, matches.value[AXES[side]]));
  return column;
}

function buildColumn(list: HTMLElement, side: Side, scene: Scene): Column {
  const info = scene.info.value;
  const { queries, keys } = scene.ranges.value;
  const [start, stop] = side === "query" ? queries : keys;
  const texts = tokensOf(info, side).slice(start, stop);
  const special = new Set(side === "query" ? info?.query_special : info?.key_special);
  const inSight = inSightOf(scene, side, [start, stop]);
  const names = scene.lens.value?.[AXES[side]].names;
  const tokens = texts.map((text, index) => {
    const row = start + index;
    if (row < inSight[0] || row >= inSight[1]) return gatheredElement(text, side, row);
    const token = tokenElement(text, side, row, special.has(row));
    if (names?.has(row)) nameSegment(token, text);
    return token;
  });
  tokens[inSight[0] - start]?.setAttribute("tabindex", "0");
  return { list, start, tokens, inSight };
}

/** A segment looks like none of its tokens. */
function nameSegment(token: HTMLElement, name: string): void {
  token.classList.add("hs-segment");
  token.title = `${name}: a double click shows its tokens`;
}

function tokensOf(info: MapInfo | undefined, side: Side): readonly string[] {
  return (side === "query" ? info?.query_tokens : info?.key_tokens) ?? [];
}

/**
 * How many letters wide a side is. Of all its tokens, also those that a filter hides: so the picture keeps its place
 * when the filter changes.
 */
export function widestToken(info: MapInfo | undefined, side: Side): number {
  // Of very many tokens some are as wide as a column gets.
  if (info && isLong(info)) return WIDEST;
  return tokensOf(info, side).reduce((most, token) => Math.max(most, tokenColumns(tokenText(token))), 4);
}

/** What the widest tokens of a long text take: those in sight change, the width of their column does not. */
const WIDEST = 14;

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
