import { batch, type ReadonlySignal, untracked } from "@preact/signals-core";
import type { TokenPair } from "../core/context";
import { nextLine } from "../core/next-line";
import { followPointer } from "../dom/pointer";
import type { Side } from "./columns";
import { isShared, sideLookedFrom } from "./direction";
import { revealGathered } from "./gathered";
import type { Scene } from "./scene";
import type { Piece } from "./text-passages";
import type { Shown } from "./text-tokens";

const NOTHING: TokenPair = { query: null, key: null };

/** Tokens answer to pointer and keyboard as those of the head view do: a token stands for the side that is looked from. */
export function mountTextPointing(
  area: HTMLElement,
  tokens: ReadonlySignal<readonly Shown[]>,
  scene: Scene,
  signal: AbortSignal,
): void {
  const from = () => untracked(() => sideLookedFrom(scene.context.options.aids));
  const shownAt = (target: EventTarget | null) => {
    const mark = target instanceof Element ? target.closest<HTMLElement>(".hs-piece") : null;
    return mark ? tokens.peek().find((one) => one.mark === mark) : undefined;
  };

  /** With a token pinned, pointing at another asks for the number between the two. */
  const hoverOf = (piece: Piece): TokenPair => {
    if (!untracked(() => isShared(scene))) return { query: piece.query, key: piece.key };
    const side = from();
    const other = side === "query" ? "key" : "query";
    const meant = scene.tokens[side].peek() === null ? side : other;
    return { ...NOTHING, [meant]: piece[meant] };
  };
  const hover = (next: TokenPair) => {
    const before = scene.tokens.hover.peek();
    if (before.query !== next.query || before.key !== next.key) scene.tokens.hover.value = next;
  };
  // Between two tokens the last one stays: else the shades would flicker on the way over a line.
  const point = (event: Event) => {
    const shown = shownAt(event.target);
    if (shown) hover(hoverOf(shown.piece));
  };
  const leave = () => hover(NOTHING);
  /** What stands for tokens out of sight brings them into sight instead of being pinned. */
  const goThere = (piece: Piece): boolean => {
    const side: Side = piece.query === null ? "key" : "query";
    return piece.beyond !== null && revealGathered(scene, side, piece[side] ?? -1);
  };
  const pin = (piece: Piece) =>
    batch(() => {
      if (goThere(piece)) return;
      const sides: readonly Side[] = untracked(() => isShared(scene)) ? [from()] : ["query", "key"];
      for (const side of sides) {
        const cell = scene.tokens[side];
        if (piece[side] !== null) cell.value = cell.peek() === piece[side] ? null : piece[side];
      }
      hover(hoverOf(piece));
    });

  const answer = (key: string, shown: Shown): boolean => {
    const all = tokens.peek();
    const at = all.indexOf(shown);
    const steps: Record<string, Shown | undefined> = {
      ArrowLeft: all[at - 1],
      ArrowRight: all[at + 1],
      ArrowUp: onNextLine(all, at, -1),
      ArrowDown: onNextLine(all, at, 1),
      Home: all[0],
      End: all.at(-1),
    };
    if (key === "Enter" || key === " ") pin(shown.piece);
    else if (!(key in steps)) return false;
    else if (steps[key]) focusOn(all, steps[key]);
    return true;
  };

  followPointer(area, point, signal);
  area.addEventListener("pointerleave", leave, { signal });
  area.addEventListener("focusin", point, { signal });
  area.addEventListener("focusout", leave, { signal });
  area.addEventListener(
    "click",
    (event) => {
      const shown = shownAt(event.target);
      if (shown) pin(shown.piece);
    },
    { signal },
  );
  area.addEventListener(
    "keydown",
    (event) => {
      const shown = shownAt(event.target);
      if (!shown || event.ctrlKey || event.metaKey || event.altKey || !answer(event.key, shown)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  // A view that goes away while its token is pointed at must not leave the others isolated.
  signal.addEventListener("abort", leave, { once: true });
}

/** The token of the next line, up or down, that stands nearest. */
function onNextLine(all: readonly Shown[], at: number, step: 1 | -1): Shown | undefined {
  const boxes = all.map(({ mark }) => mark.getClientRects()[0] ?? mark.getBoundingClientRect());
  return all[nextLine(boxes, at, step) ?? -1];
}

/** Makes a token the one that Tab reaches, and moves the focus there. */
function focusOn(all: readonly Shown[], { mark }: Shown): void {
  for (const one of all) if (one.mark.tabIndex === 0) one.mark.tabIndex = -1;
  mark.tabIndex = 0;
  mark.focus();
}
