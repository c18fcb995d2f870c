import type { ReadonlySignal } from "@preact/signals-core";
import type { TokenPair } from "../../core/state/context";
import type { Side } from "../../core/state/side";
import { followPointer } from "../../dom/pointer";
import type { Scene, SelectedTokens } from "../scene/scene";
import { revealCollapsed } from "./collapsed-rows";
import { type Column, focusToken } from "./token-columns";

const NOTHING: TokenPair = { query: null, key: null };

/** Connects tokens to pointer and keyboard: pointing or focus isolates, a click or Enter pins, and arrows move. */
export function mountTokenPointing(
  area: HTMLElement,
  columns: Readonly<Record<Side, ReadonlySignal<Column>>>,
  scene: Pick<Scene, "tokens" | "rowWindow" | "shownMap">,
  signal: AbortSignal,
): void {
  const selected = scene.tokens;
  const hover = (event: Event) => setHover(selected, tokenAt(event.target));
  const leave = () => setHover(selected, null);
  followPointer(area, hover, signal);
  area.addEventListener("pointerleave", leave, { signal });
  area.addEventListener("focusin", hover, { signal });
  area.addEventListener("focusout", leave, { signal });
  area.addEventListener(
    "click",
    (event) => {
      const token = tokenAt(event.target);
      if (token) choose(token);
    },
    { signal },
  );
  area.addEventListener(
    "keydown",
    (event) => {
      const token = tokenAt(event.target);
      // With Ctrl, Cmd or Alt a key belongs to the host: Ctrl Enter runs the cell.
      if (!token || event.ctrlKey || event.metaKey || event.altKey || !answer(event.key, token)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  // A view that is removed while the pointer is on it must not leave tokens isolated in the others.
  signal.addEventListener("abort", leave, { once: true });

  /** Pins a token, or brings the tokens of a gathered row into sight. */
  function choose(token: Token): void {
    if (!revealCollapsed(scene, token.side, token.position)) togglePin(selected, token);
  }

  function answer(key: string, token: Token): boolean {
    const { side } = token;
    const { start, visible } = columns[side].peek();
    const page = visible[1] - visible[0];
    const row = token.position - start;
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page };
    if (key === "Enter" || key === " ") choose(token);
    else if (key === "ArrowLeft") focusToken(columns.query.peek(), row);
    else if (key === "ArrowRight") focusToken(columns.key.peek(), row);
    else if (key === "Home" || key === "End") goTo(side, key === "Home" ? 0 : Number.POSITIVE_INFINITY);
    else if (key in steps) step(side, token.position, steps[key] as number);
    else return false;
    return true;
  }

  /** Focuses the token that is `by` rows further on, and moves the visible rows if necessary. */
  function step(side: Side, row: number, by: number): void {
    const { visible, start } = columns[side].peek();
    const extent = scene.rowWindow?.extents.peek()?.[side];
    const next = row + by;
    if (!extent || (next >= visible[0] && next < visible[1])) focusToken(columns[side].peek(), next - start);
    else goTo(side, extent.first + next - visible[0]);
  }

  /** Focuses any row; one that was out of sight moves to the middle of the visible rows. */
  function goTo(side: Side, row: number): void {
    const extent = scene.rowWindow?.extents.peek()?.[side];
    if (!extent || !scene.rowWindow) {
      focusToken(columns[side].peek(), row);
      return;
    }
    const target = Math.max(0, Math.min(row, extent.rows - 1));
    if (target < extent.first || target >= extent.stop) {
      const isFar = target < extent.first - scene.rowWindow.size || target >= extent.stop + scene.rowWindow.size;
      const before = isFar ? scene.rowWindow.size >> 1 : target < extent.first ? 0 : extent.stop - extent.first - 1;
      scene.rowWindow.move(side, target - before);
    }
    const { first } = scene.rowWindow.extents.peek()?.[side] ?? extent;
    const column = columns[side].peek();
    focusToken(column, column.visible[0] - column.start + target - first);
  }
}

interface Token {
  readonly side: Side;
  readonly position: number;
}

function tokenAt(target: EventTarget | null): Token | null {
  const found = target instanceof Element ? target.closest<HTMLElement>("[data-query], [data-key]") : null;
  if (!found) return null;
  const { query, key } = found.dataset;
  return query === undefined ? { side: "key", position: Number(key) } : { side: "query", position: Number(query) };
}

function setHover({ hover }: SelectedTokens, token: Token | null): void {
  const next = token ? { ...NOTHING, [token.side]: token.position } : NOTHING;
  const { query, key } = hover.peek();
  if (next.query !== query || next.key !== key) hover.value = next;
}

function togglePin(selected: SelectedTokens, { side, position }: Token): void {
  const pin = selected[side];
  pin.value = pin.peek() === position ? null : position;
}
