import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { OTHER_ROWS_HEIGHT } from "../../core/look/token-layout";
import type { Span } from "../../core/look/viewport";
import { widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import type { LineArea } from "../head/head-lines";
import type { Scene } from "../scene/scene";
import type { ShownChain } from "./expanded-query";
import { type RowsInSight, STRIP_GAP } from "./vector-strips";

/** The width of a view before it is in a page, in CSS pixels. */
const USUAL_WIDTH = 900;
/** The height of the titles above the rows. */
const TITLES = 24;
/** The width of the connectors and of all gaps. */
const BETWEEN = 84;
/** The least and the largest width of a strip; a dimension never gets less than a pixel. */
const [LEAST, MOST] = [72, 192];
/** The largest useful width of a single dimension. */
const WIDEST_CELL = 8;

/**
 * The width of a strip, so that three strips and the numbers fit beside the tokens. Also passes it to the style sheet.
 */
export function followStripWidth(
  { area, box }: LineArea,
  shown: ReadonlySignal<ShownChain | null>,
  signal: AbortSignal,
): ReadonlySignal<number> {
  const width = signalOf(MOST);
  const room = widthOf(box, USUAL_WIDTH, signal);
  // A string, so that moving from query to query measures nothing again.
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

/** The visible keys of a long map; null if the view shows all keys. */
export function keysInSight({ shownMap, rowWindow }: Scene): Span | null {
  return rowWindow?.extents.value ? (shownMap.value?.keys.visibleRows ?? null) : null;
}

/** The visible rows of keys, and a few around them. */
export function rowsInSight(scene: Scene, { seen, layout }: LineArea): RowsInSight {
  const { rowHeight, height } = layout.value;
  const moved = keysInSight(scene);
  if (moved) return { first: moved[0], stop: moved[1], top: OTHER_ROWS_HEIGHT, rowHeight };
  const [start, stop] = scene.ranges.value.keys;
  const { top, height: extent } = seen.value;
  const shown = Math.max(0, stop - start);
  const to = Math.min(shown, Math.ceil((top + (extent || height)) / rowHeight) + 3);
  const first = Math.min(to, Math.max(0, Math.floor((top - TITLES) / rowHeight) - 3));
  return { first: start + first, stop: start + to, top: first * rowHeight, rowHeight };
}
