import { batch, type ReadonlySignal } from "@preact/signals-core";
import type { TokenPair } from "../core/context";
import { followPointer } from "../dom/pointer";
import { type Column, focusToken, type Side } from "./columns";
import { revealGathered } from "./gathered";
import type { Scene, TokenCells } from "./scene";

const NOTHING: TokenPair = { query: null, key: null };

/** The tokens answer to pointer and keyboard: pointing or focus isolates, a click or Enter pins, arrows move. */
export function mountPointing(
  area: HTMLElement,
  columns: Readonly<Record<Side, ReadonlySignal<Column>>>,
  scene: Pick<Scene, "tokens" | "movable" | "lens">,
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
      // With Ctrl, Cmd or Alt a key is the host's: Ctrl Enter runs the cell.
      if (!token || event.ctrlKey || event.metaKey || event.altKey || !answer(event.key, token)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  // A view that goes away while its token is pointed at must not leave the others isolated.
  signal.addEventListener("abort", leave, { once: true });

  /** Pins a token; what stands for tokens out of sight brings them into sight instead. */
  function choose(token: Token): void {
    if (!revealGathered(scene, token.side, token.position)) togglePin(selected, token);
  }

  function answer(key: string, token: Token): boolean {
    const { side } = token;
    const { start, inSight } = columns[side].peek();
    const page = inSight[1] - inSight[0];
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

  /** Focuses the token so many rows on, and moves the rows in sight where it is not among them. */
  function step(side: Side, row: number, by: number): void {
    const { inSight, start } = columns[side].peek();
    const extent = scene.movable?.extents.peek()?.[side];
    const next = row + by;
    if (!extent || (next >= inSight[0] && next < inSight[1])) focusToken(columns[side].peek(), next - start);
    else goTo(side, extent.first + next - inSight[0]);
  }

  /** Focuses a row of all there are, in the middle of what is in sight if it was not. */
  function goTo(side: Side, row: number): void {
    const extent = scene.movable?.extents.peek()?.[side];
    if (!extent || !scene.movable) {
      focusToken(columns[side].peek(), row);
      return;
    }
    const wanted = Math.max(0, Math.min(row, extent.rows - 1));
    if (wanted < extent.first || wanted >= extent.stop) {
      const isFar = wanted < extent.first - scene.movable.size || wanted >= extent.stop + scene.movable.size;
      const before = isFar ? scene.movable.size >> 1 : wanted < extent.first ? 0 : extent.stop - extent.first - 1;
      scene.movable.move(side, wanted - before);
    }
    const { first } = scene.movable.extents.peek()?.[side] ?? extent;
    const column = columns[side].peek();
    focusToken(column, column.inSight[0] - column.start + wanted - first);
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

function setHover({ hover }: TokenCells, token: Token | null): void {
  const next = token ? { ...NOTHING, [token.side]: token.position } : NOTHING;
  const { query, key } = hover.peek();
  if (next.query !== query || next.key !== key) hover.value = next;
}

function togglePin(selected: TokenCells, { side, position }: Token): void {
  const pin = selected[side];
  pin.value = pin.peek() === position ? null : position;
}

/** Lets go of the pinned tokens; false if there were none. */
export function unpin({ query, key }: TokenCells): boolean {
  const wasPinned = query.peek() !== null || key.peek() !== null;
  batch(() => {
    query.value = null;
    key.value = null;
  });
  return wasPinned;
}
