import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { BAND } from "../core/layout";
import type { Span } from "../core/viewport";
import { widthOf } from "../dom/size";
import { effectUntil } from "../dom/until";
import type { LineArea } from "./lines";
import type { ShownChain } from "./neuron-state";
import { type RowsInSight, STRIP_GAP } from "./neuron-strips";
import type { Scene } from "./scene";

/** The width of a view that stands in no page yet, in CSS pixels. */
const USUAL_WIDTH = 900;
/** What the titles above the rows take. */
const TITLES = 24;
/** What the connectors and all gaps take. */
const BETWEEN = 84;
/** Strips get no narrower and no wider than this; and never less than a pixel a dimension. */
const [LEAST, MOST] = [72, 192];
/** More room than this a single dimension has no use for. */
const WIDEST_CELL = 8;

/** How wide a strip is, so that three of them and the numbers fit beside the tokens; and tells the style sheet. */
export function followStripWidth(
  { area, box }: LineArea,
  shown: ReadonlySignal<ShownChain | null>,
  signal: AbortSignal,
): ReadonlySignal<number> {
  const width = signalOf(MOST);
  const room = widthOf(box, USUAL_WIDTH, signal);
  // A string, so that going from query to query measures nothing anew.
  const needs = computed(() => {
    const now = shown.value;
    return now ? JSON.stringify([now.answer.vectors.headDim, ...now.columns.map((column) => column.width)]) : "";
  });
  effectUntil(signal, () => {
    if (needs.value === "") return;
    const [headDim, ...columns] = JSON.parse(needs.value) as [number, ...number[]];
    const lists = [...area.querySelectorAll<HTMLElement>(".hs-tokens")].map((list) => list.offsetWidth);
    const taken = [...lists, ...columns].reduce((sum, one) => sum + one, BETWEEN);
    const fitting = Math.max(LEAST, Math.floor((room.value - taken) / 3));
    width.value = Math.max(headDim, Math.min(MOST, WIDEST_CELL * headDim, fitting));
    area.style.setProperty("--hs-strip", `${width.value}px`);
    area.style.setProperty("--hs-strip-gap", `${STRIP_GAP}px`);
  });
  return width;
}

/** The keys in sight of a long map; null where all keys stand in the view. */
export function keysInSight({ lens, movable }: Scene): Span | null {
  return movable?.extents.value ? (lens.value?.keys.inSight ?? null) : null;
}

/** The rows of keys that are seen, and a few around them. */
export function rowsInSight(scene: Scene, { seen, layout }: LineArea): RowsInSight {
  const { rowHeight, height } = layout.value;
  const moved = keysInSight(scene);
  if (moved) return { first: moved[0], stop: moved[1], top: BAND, rowHeight };
  const [start, stop] = scene.ranges.value.keys;
  const { top, height: extent } = seen.value;
  const shown = Math.max(0, stop - start);
  const to = Math.min(shown, Math.ceil((top + (extent || height)) / rowHeight) + 3);
  const first = Math.min(to, Math.max(0, Math.floor((top - TITLES) / rowHeight) - 3));
  return { first: start + first, stop: start + to, top: first * rowHeight, rowHeight };
}
