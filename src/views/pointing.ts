import { batch, type ReadonlySignal } from "@preact/signals-core";
import type { TokenPair } from "../core/context";
import { followPointer } from "../dom/pointer";
import { type Column, focusToken, type Side } from "./columns";
import type { TokenCells } from "./scene";

const NOTHING: TokenPair = { query: null, key: null };

/** The tokens answer to pointer and keyboard: pointing or focus isolates, a click or Enter pins, arrows move. */
export function mountPointing(
  area: HTMLElement,
  columns: Readonly<Record<Side, ReadonlySignal<Column>>>,
  selected: TokenCells,
  signal: AbortSignal,
): void {
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
      if (token) togglePin(selected, token);
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

  function answer(key: string, token: Token): boolean {
    const { start, tokens } = columns[token.side].peek();
    const row = token.position - start;
    const rows: Record<string, number> = { ArrowUp: row - 1, ArrowDown: row + 1, Home: 0, End: tokens.length - 1 };
    if (key === "Enter" || key === " ") togglePin(selected, token);
    else if (key === "ArrowLeft") focusToken(columns.query.peek(), row);
    else if (key === "ArrowRight") focusToken(columns.key.peek(), row);
    else if (key in rows) focusToken(columns[token.side].peek(), rows[key] as number);
    else return false;
    return true;
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
