import { css, headColor, inkOn } from "../../core/look/colors";
import { type MatrixLayout, placeOf } from "../../core/look/matrix-layout";
import type { Span, Viewport, ViewportPoint } from "../../core/look/viewport";
import type { TokenPair } from "../../core/state/context";
import { element } from "../../dom/element";

/** One heat map in the page: its canvas, and the bands over the pointed and the pinned row and column. */
export interface Panel {
  readonly root: HTMLElement;
  readonly heat: HTMLElement;
  readonly canvas: HTMLCanvasElement;
}

/**
 * Builds empty maps in their places. `heads` holds null for several heads combined; if there are several maps, each has
 * its head below.
 */
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

/**
 * Where the pointer is: the number of the map and the point in it, clamped to the visible part; null outside of maps.
 */
export function pointedPlace(
  event: MouseEvent,
  { mapWidth, mapHeight }: MatrixLayout,
  viewport: Viewport,
): (ViewportPoint & { readonly map: number }) | null {
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
  // Just before the end, so that the border belongs to the last token.
  return start + Math.max(0, Math.min(part, 1 - 1e-6)) * (stop - start);
}

/** The start and the extent of a token's row or column in the visible part of a side, in pixels. */
export function stretchOf(
  [start, stop]: readonly [number, number],
  pixels: number,
  position: number,
): [number, number] {
  const cell = pixels / (stop - start);
  return [(position - start) * cell, cell];
}

/** Places the bands of all maps over a row and a column, or out of sight if there is none. */
export function placeBands(
  panels: HTMLElement,
  kind: "pin" | "mark",
  { query, key }: TokenPair,
  { mapWidth, mapHeight }: MatrixLayout,
  { queries, keys }: Viewport,
): void {
  const put = (side: string, span: Span, pixels: number, position: number | null) => {
    const [from, extent] = position === null ? [-99, 0] : stretchOf(span, pixels, position);
    panels.style.setProperty(`--hs-${kind}-${side}`, `${from.toFixed(2)}px`);
    panels.style.setProperty(`--hs-${kind}-${side}-size`, `${Math.max(extent, 1).toFixed(2)}px`);
  };
  put("row", queries, mapHeight, query);
  put("column", keys, mapWidth, key);
}
