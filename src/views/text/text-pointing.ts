import { batch, type ReadonlySignal, untracked } from "@preact/signals-core";
import { nextLine } from "../../core/look/next-line";
import type { TokenPair } from "../../core/state/context";
import { type Side, sideLookedFrom } from "../../core/state/side";
import { focusInSight } from "../../dom/focus";
import { followPointer } from "../../dom/pointer";
import { type Scene, showsOneText } from "../scene/scene";
import { revealCollapsed } from "../tokens/collapsed-rows";
import type { ShownToken } from "./passage-tokens";
import type { PassageToken } from "./passages";

const NOTHING: TokenPair = { query: null, key: null };

/** Connects tokens to pointer and keyboard as in the head view. A token stands for the side from which it is read. */
export function mountTextPointing(
  area: HTMLElement,
  tokens: ReadonlySignal<readonly ShownToken[]>,
  scene: Scene,
  signal: AbortSignal,
): void {
  const from = () => untracked(() => sideLookedFrom(scene.context.options.aids));
  const shownAt = (target: EventTarget | null) => {
    const mark = target instanceof Element ? target.closest<HTMLElement>(".hs-piece") : null;
    return mark ? tokens.peek().find((one) => one.mark === mark) : undefined;
  };

  /** If a token is pinned, pointing at another reads the number between the two. */
  const hoverOf = (piece: PassageToken): TokenPair => {
    if (!untracked(() => showsOneText(scene))) return { query: piece.query, key: piece.key };
    const side = from();
    const other = side === "query" ? "key" : "query";
    const meant = scene.tokens[side].peek() === null ? side : other;
    return { ...NOTHING, [meant]: piece[meant] };
  };
  const hover = (next: TokenPair) => {
    const before = scene.tokens.hover.peek();
    if (before.query !== next.query || before.key !== next.key) scene.tokens.hover.value = next;
  };
  // Between two tokens the last one stays, because otherwise the shades would flicker as the pointer crosses a line.
  const point = (event: Event) => {
    const shown = shownAt(event.target);
    if (shown) hover(hoverOf(shown.piece));
  };
  const leave = () => hover(NOTHING);
  /** A chip for tokens out of sight brings them into sight instead of being pinned. */
  const goThere = (piece: PassageToken): boolean => {
    const side: Side = piece.query === null ? "key" : "query";
    return piece.beyond !== null && revealCollapsed(scene, side, piece[side] ?? -1);
  };
  const pin = (piece: PassageToken) =>
    batch(() => {
      if (goThere(piece)) return;
      const sides: readonly Side[] = untracked(() => showsOneText(scene)) ? [from()] : ["query", "key"];
      for (const side of sides) {
        const cell = scene.tokens[side];
        if (piece[side] !== null) cell.value = cell.peek() === piece[side] ? null : piece[side];
      }
      hover(hoverOf(piece));
    });

  const answer = (key: string, shown: ShownToken): boolean => {
    const all = tokens.peek();
    const at = all.indexOf(shown);
    const steps: Record<string, ShownToken | undefined> = {
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
  // A view that is removed while the pointer is on it must not leave tokens isolated in the others.
  signal.addEventListener("abort", leave, { once: true });
}

/** The nearest token of the next line, up or down. */
function onNextLine(all: readonly ShownToken[], at: number, step: 1 | -1): ShownToken | undefined {
  const boxes = all.map(({ mark }) => mark.getClientRects()[0] ?? mark.getBoundingClientRect());
  return all[nextLine(boxes, at, step) ?? -1];
}

/** Makes a token the one that Tab reaches, and focuses it. */
function focusOn(all: readonly ShownToken[], { mark }: ShownToken): void {
  for (const one of all) if (one.mark.tabIndex === 0) one.mark.tabIndex = -1;
  mark.tabIndex = 0;
  focusInSight(mark);
}
