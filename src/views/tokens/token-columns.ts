import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import type { Span } from "../../core/look/viewport";
import { AXES, type Side } from "../../core/state/side";
import { isLong } from "../../core/weights/map-size";
import { element } from "../../dom/element";
import { focusInSight } from "../../dom/focus";
import { tokenColumns, tokenElement, tokenText } from "../../dom/token";
import { effectUntil } from "../../dom/until";
import type { Focus } from "../scene/focus";
import type { Scene } from "../scene/scene";
import { collapsedBands, collapsedElement, visibleRows } from "./collapsed-rows";
import { gutterOf } from "./gutter";
import { matchesOf } from "./search";

/** The tokens of one side, from the first shown one. */
export interface Column {
  readonly list: HTMLElement;
  readonly start: number;
  readonly tokens: readonly HTMLElement[];
  /** The visible rows. The rows before and after them gather others by position. */
  readonly visible: Span;
}

/** Keeps the column of one side's tokens in `list` up to date, and rebuilds it only if other tokens are shown. */
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
    const { tokens, visible, start } = column.value;
    const isMovable = scene.rowWindow?.extents.value;
    const bands = isMovable ? collapsedBands(scene, side) : null;
    const [first, stop] = [visible[0] - start, visible[1] - start];
    list.replaceChildren(
      ...(bands ? [bands.before] : []),
      ...tokens.slice(first, stop),
      ...(bands ? [bands.after] : []),
      ...gutterOf(scene, side),
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
  const description = scene.description.value;
  const { queries, keys } = scene.ranges.value;
  const [start, stop] = side === "query" ? queries : keys;
  const texts = tokensOf(description, side).slice(start, stop);
  const special = new Set(side === "query" ? description?.query_special : description?.key_special);
  const visible = visibleRows(scene, side, [start, stop]);
  const axis = scene.shownMap.value?.[AXES[side]];
  const names = axis?.names;
  const tokens = texts.map((text, index) => {
    const row = start + index;
    if (row < visible[0] || row >= visible[1]) return collapsedElement(text, side, row);
    const token = tokenElement(text, side, row, special.has(row));
    if (names?.has(row)) nameSegment(token, text);
    else if (token.title === "") token.title = `position ${(axis?.groups[row]?.[0] ?? row).toLocaleString("en")}`;
    return token;
  });
  tokens[visible[0] - start]?.setAttribute("tabindex", "0");
  return { list, start, tokens, visible };
}

/** Makes a segment look different from a token. */
function nameSegment(token: HTMLElement, name: string): void {
  token.classList.add("hs-segment");
  token.title = `${name}: double-click to show its tokens`;
}

function tokensOf(description: MapDescription | undefined, side: Side): readonly string[] {
  return (side === "query" ? description?.query_tokens : description?.key_tokens) ?? [];
}

/**
 * The width of a side, in letters. It includes tokens that a filter hides, so that the picture stays in place when the
 * filter changes.
 */
export function widestToken(description: MapDescription | undefined, side: Side): number {
  // Among so many tokens, some have the largest width.
  if (description && isLong(description)) return WIDEST;
  return tokensOf(description, side).reduce((most, token) => Math.max(most, tokenColumns(tokenText(token))), 4);
}

/** The width of the widest tokens in a long text. The visible tokens change, but the width of their column does not. */
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

/** Makes a token the one that Tab reaches in its column, and focuses it. */
export function focusToken({ list, tokens }: Column, row: number): void {
  const token = tokens[Math.max(0, Math.min(row, tokens.length - 1))];
  list.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
  token?.setAttribute("tabindex", "0");
  if (token) focusInSight(token);
}
