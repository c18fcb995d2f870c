import { batch, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import type { MatrixLayout } from "../../core/look/matrix-layout";
import { middleOf, type Viewport } from "../../core/look/viewport";
import type { TokenPair } from "../../core/state/context";
import type { Scene } from "../scene/scene";
import { pointedPlace } from "./panels";
import type { Zoom } from "./zoom";

const NOTHING: TokenPair = { query: null, key: null };

/** The directions of the arrow keys: queries, keys. */
const WAYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
/** The keys that go to the end of a side: queries, keys. */
const ENDS: Readonly<Record<string, readonly [number, number]>> = {
  PageUp: [Number.NEGATIVE_INFINITY, 0],
  PageDown: [Number.POSITIVE_INFINITY, 0],
  Home: [0, Number.NEGATIVE_INFINITY],
  End: [0, Number.POSITIVE_INFINITY],
};
/** The fraction of the visible part by which Shift and an arrow key move it. */
const PAN = 0.25;

/**
 * Connects the maps to pointer and keyboard: pointing reads a cell, a click or Enter pins it, a click on a token's name
 * pins that token alone, and arrows move from cell to cell. Returns the number of the map under the pointer.
 */
export function mountMatrixPointing(
  area: HTMLElement,
  panels: HTMLElement,
  scene: Scene,
  layout: ReadonlySignal<MatrixLayout>,
  zoom: Zoom,
  signal: AbortSignal,
): ReadonlySignal<number | null> {
  const { tokens } = scene;
  const map = signalOf<number | null>(null);
  const hover = ({ query, key }: TokenPair) => {
    const before = tokens.hover.peek();
    if (before.query !== query || before.key !== key) tokens.hover.value = { query, key };
  };
  const point = (event: MouseEvent) => {
    const place = pointedPlace(event, layout.peek(), zoom.viewport.peek());
    batch(() => {
      map.value = place?.map ?? null;
      hover(place ? { query: Math.floor(place.query), key: Math.floor(place.key) } : namedToken(event.target));
    });
  };
  const leave = () => {
    map.value = null;
    hover(NOTHING);
  };
  const pin = (event: MouseEvent) => {
    const place = pointedPlace(event, layout.peek(), zoom.viewport.peek());
    togglePins(
      scene,
      place ? { query: Math.floor(place.query), key: Math.floor(place.key) } : namedToken(event.target),
    );
  };
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !answer(event.key, event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  function answer(key: string, isShift: boolean): boolean {
    const way = WAYS[key];
    if (key === "Enter" || key === " ") togglePins(scene, cursor() ?? NOTHING);
    else if (key === "0" && zoom.times.peek() > 1) zoom.reset();
    else if (way && isShift) {
      const { queries, keys } = zoom.viewport.peek();
      zoom.pan({ query: way[0] * PAN * (queries[1] - queries[0]), key: way[1] * PAN * (keys[1] - keys[0]) });
    } else if (way) step(way);
    else if (ENDS[key]) step(ENDS[key]);
    else return false;
    return true;
  }

  /** The cell from which the arrow keys start. */
  function cursor(): { query: number; key: number } | null {
    const { query, key } = tokens.hover.peek();
    const [from, to] = [query ?? tokens.query.peek(), key ?? tokens.key.peek()];
    return from === null || to === null ? null : { query: from, key: to };
  }

  function step([down, right]: readonly [number, number]): void {
    const from = cursor();
    const { queries, keys } = scene.ranges.peek();
    const { query, key } = from ?? middleOf(zoom.viewport.peek());
    // The first press only shows the current cell.
    const [by, on] = from ? [down, right] : [0, 0];
    const next = { query: within(Math.floor(query) + by, queries), key: within(Math.floor(key) + on, keys) };
    batch(() => {
      hover(next);
      zoom.reveal(next.query, next.key);
    });
  }

  area.addEventListener("pointermove", (event) => event.buttons === 0 && point(event), { signal });
  area.addEventListener("pointerleave", leave, { signal });
  area.addEventListener("click", pin, { signal });
  panels.addEventListener("keydown", press, { signal });
  panels.addEventListener("focusout", leave, { signal });
  // A view that is removed while the pointer is on it must not leave tokens isolated in the others.
  signal.addEventListener("abort", leave, { once: true });
  return map;
}

function within(position: number, [start, stop]: Viewport["keys"]): number {
  return Math.max(start, Math.min(position, stop - 1));
}

/** The token that a label names. */
function namedToken(target: EventTarget | null): TokenPair {
  const tick = target instanceof Element ? target.closest<HTMLElement>(".hs-tick") : null;
  const { query, key } = tick?.dataset ?? {};
  return { query: query === undefined ? null : Number(query), key: key === undefined ? null : Number(key) };
}

/** Pins the tokens, or unpins them if all of them are pinned. */
function togglePins({ tokens }: Scene, { query, key }: TokenPair): void {
  const isPinned = (query === null || tokens.query.peek() === query) && (key === null || tokens.key.peek() === key);
  batch(() => {
    if (query !== null) tokens.query.value = isPinned ? null : query;
    if (key !== null) tokens.key.value = isPinned ? null : key;
  });
}
