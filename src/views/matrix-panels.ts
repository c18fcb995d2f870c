import { css, headColor, inkOn } from "../core/colors";
import type { MatrixLayout } from "../core/matrix-layout";
import { placeOf } from "../core/matrix-layout";
import type { Place, Viewport } from "../core/viewport";
import { element } from "../dom/element";

/** One heat map in the page: its canvas, and the bands over the row and the column that are pointed at or pinned. */
export interface Panel {
  readonly root: HTMLElement;
  readonly heat: HTMLElement;
  readonly canvas: HTMLCanvasElement;
}

/** Empty maps in their places. `heads` holds null for several heads as one; a map among others says its head below. */
export function buildPanels(
  layout: MatrixLayout,
  heads: readonly (number | null)[],
  numHeads: number,
  dark: boolean,
): readonly Panel[] {
  return heads.map((head, index) => {
    const canvas = element("canvas", { "aria-hidden": "true" });
    const bands = ["hs-pin-row", "hs-pin-column", "hs-mark-row", "hs-mark-column"];
    const heat = element("div", { class: "hs-heat", "data-map": index }, canvas);
    heat.append(...bands.map((name) => element("div", { class: name })));
    const [x, y] = placeOf(layout, index);
    const root = element("div", { class: "hs-panel", style: `left: ${x}px; top: ${y}px` }, heat);
    if (head !== null && heads.length > 1) root.append(caption(head, numHeads, dark));
    return { root, heat, canvas };
  });
}

function caption(head: number, numHeads: number, dark: boolean): HTMLElement {
  const color = headColor(head, numHeads, dark);
  const style = `background: ${css(color)}; color: ${inkOn(color)}`;
  return element("div", { class: "hs-caption" }, "head ", element("span", { class: "hs-chip", style }, String(head)));
}

/** Where a pointer is in a map: the map's number and the place in it, clamped to what is shown; null outside of maps. */
export function pointedPlace(
  event: MouseEvent,
  { mapWidth, mapHeight }: MatrixLayout,
  viewport: Viewport,
): (Place & { readonly map: number }) | null {
  const heat = event.target instanceof Element ? event.target.closest<HTMLElement>(".hs-heat") : null;
  if (!heat) return null;
  const { left, top } = heat.getBoundingClientRect();
  return {
    map: Number(heat.dataset.map),
    query: along(viewport.queries, (event.clientY - top) / mapHeight),
    key: along(viewport.keys, (event.clientX - left) / mapWidth),
  };
}

function along([start, stop]: readonly [number, number], part: number): number {
  // Just before the end: the border belongs to the last token.
  return start + Math.max(0, Math.min(part, 1 - 1e-6)) * (stop - start);
}

/** Where a token is in what is shown of a side, in pixels: the start and the extent of its row or column. */
export function stretchOf(
  [start, stop]: readonly [number, number],
  pixels: number,
  position: number,
): [number, number] {
  const cell = pixels / (stop - start);
  return [(position - start) * cell, cell];
}
