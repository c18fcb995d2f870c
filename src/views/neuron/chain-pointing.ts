import { type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import { OTHER_ROWS_HEIGHT } from "../../core/look/token-layout";
import { effectUntil } from "../../dom/until";
import type { LineArea } from "../head/head-lines";
import type { Scene } from "../scene/scene";
import { keysInSight } from "./chain-sizes";
import type { ShownChain } from "./expanded-query";
import { STRIP_GAP } from "./vector-strips";

/** The cell of the chain under the pointer. */
export interface PointedCell {
  /** The key's row among the shown rows; null on the query's own vector. */
  readonly key: number | null;
  /** Null outside of the strips. */
  readonly dimension: number | null;
}

interface Parts {
  readonly query: HTMLElement;
  readonly body: HTMLElement;
  readonly rows: HTMLElement;
}

/** Follows the pointer or the arrow keys over the cells of the strips and the rows of numbers. */
export function mountChainPointing(
  { query, body, rows }: Parts,
  { layout }: LineArea,
  scene: Scene,
  shown: ReadonlySignal<ShownChain | null>,
  stripWidth: ReadonlySignal<number>,
  signal: AbortSignal,
): ReadonlySignal<PointedCell | null> {
  const pointed = signalOf<PointedCell | null>(null);
  const { hover } = scene.tokens;

  const point = (next: PointedCell | null) => {
    const now = pointed.peek();
    if (now?.key !== next?.key || now?.dimension !== next?.dimension) pointed.value = next;
    const key = next?.key ?? null;
    if (hover.peek().key !== key) hover.value = { query: null, key };
  };
  const dimensionAt = (x: number) => {
    const count = shown.peek()?.answer.vectors.headDim ?? 0;
    return x < 0 || x >= stripWidth.peek() ? null : Math.min(count - 1, Math.floor((x * count) / stripWidth.peek()));
  };
  const inBody = (event: PointerEvent) => {
    const { left, top } = body.getBoundingClientRect();
    const moved = untracked(() => keysInSight(scene));
    const [start, stop] = moved ?? scene.ranges.peek().keys;
    const key = start + Math.floor((event.clientY - top - (moved ? OTHER_ROWS_HEIGHT : 0)) / layout.peek().rowHeight);
    const x = event.clientX - left;
    // Numbers may cover the strips if these are scrolled past them.
    const isNumber = event.target instanceof Element && event.target.closest(".hs-number") !== null;
    const dimension = isNumber ? null : (dimensionAt(x) ?? dimensionAt(x - stripWidth.peek() - STRIP_GAP));
    point(key >= start && key < stop ? { key, dimension } : null);
  };
  const inQuery = (event: PointerEvent) => {
    const { left, top } = query.getBoundingClientRect();
    const now = shown.peek();
    const middle = now ? (layout.peek().queryY[now.row] as number) : Number.NaN;
    const isOn = Math.abs(event.clientY - top - middle) <= layout.peek().rowHeight / 2;
    point(isOn ? { key: null, dimension: dimensionAt(event.clientX - left) } : null);
  };
  for (const part of [query, body]) {
    // The tokens around would take a pointer that is over none of them as having left.
    part.addEventListener("pointerover", (event) => event.stopPropagation(), { signal });
    // A finger leaves when it is lifted. Its cell stays until the finger touches another or the focus leaves.
    const isLifted = ({ pointerType }: PointerEvent) => pointerType === "touch" && part === body;
    part.addEventListener("pointerleave", (event) => isLifted(event) || point(null), { signal });
  }
  body.addEventListener("pointerdown", inBody, { signal });
  body.addEventListener("pointermove", inBody, { signal });
  query.addEventListener("pointermove", inQuery, { signal });
  body.addEventListener("focusin", (event) => event.stopPropagation(), { signal });
  body.addEventListener("focusout", () => point(null), { signal });
  body.addEventListener("keydown", (event) => move(event, point, pointed.peek(), shown.peek(), scene), { signal });
  effectUntil(signal, () => {
    const key = pointed.value?.key ?? null;
    void shown.value;
    rows.querySelector(".hs-at")?.classList.remove("hs-at");
    if (key !== null) rows.querySelector(`[data-row="${key}"]`)?.classList.add("hs-at");
  });
  signal.addEventListener("abort", () => point(null), { once: true });
  return pointed;
}

/** Moves from key to key, and from dimension to dimension. */
function move(
  event: KeyboardEvent,
  point: (next: PointedCell) => void,
  now: PointedCell | null,
  shown: ShownChain | null,
  scene: Scene,
): void {
  const steps: Record<string, [number, number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const step = steps[event.key];
  if (!step || !shown || event.ctrlKey || event.metaKey || event.altKey) return;
  const [start, stop] = untracked(() => keysInSight(scene)) ?? scene.ranges.peek().keys;
  const within = (value: number, low: number, count: number) => Math.max(low, Math.min(count - 1, value));
  const [key, dimension] = now ? [now.key ?? start, now.dimension ?? 0] : [start - step[0], -step[1]];
  point({
    key: within(key + step[0], start, stop),
    dimension: within(dimension + step[1], 0, shown.answer.vectors.headDim),
  });
  event.preventDefault();
  event.stopPropagation();
}
