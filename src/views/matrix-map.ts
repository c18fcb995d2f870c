import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { TokenPair } from "../core/context";
import { layoutMatrix, type MatrixLayout } from "../core/matrix-layout";
import type { Viewport } from "../core/viewport";
import { pixelRatio } from "../dom/canvas";
import { element } from "../dom/element";
import { densityOf, tellWidth, widthOf } from "../dom/size";
import { effectUntil } from "../dom/until";
import { sideLookedFrom } from "./direction";
import { besidePins } from "./focus";
import { heatLegend } from "./heat-legend";
import type { KeyBinding } from "./keys";
import { followPicture, type LayerPicture } from "./layer-picture";
import { longestName } from "./matrix-axes";
import { matrixKeys, zoomButtons } from "./matrix-controls";
import { mountGestures } from "./matrix-gestures";
import { type HeatMap, heatMaps, quantityOf, topOf } from "./matrix-maps";
import { mountNames } from "./matrix-names";
import { inksOf, paintHeat } from "./matrix-paint";
import { buildPanels, type Panel, stretchOf } from "./matrix-panels";
import { mountMatrixPointing } from "./matrix-pointing";
import { createZoom } from "./matrix-zoom";
import type { Scene } from "./scene";

/** The width of the maps while they stand in no page, in CSS pixels. */
const USUAL_WIDTH = 900;

/** Heat maps of the active heads. What they have in common with lines is read in the same way. */
export interface Matrix extends LayerPicture {
  readonly maps: ReadonlySignal<readonly HeatMap[]>;
  /** The map under the pointer, by its place among `maps`. */
  readonly pointed: ReadonlySignal<HeatMap | null>;
  readonly keys: readonly KeyBinding[];
}

/** The active heads as heat maps, queries down and keys across, with a legend, and buttons to zoom. */
export function mountMatrix(parent: HTMLElement, scene: Scene, signal: AbortSignal): Matrix {
  const { picture, painted } = followPicture(scene, signal);
  const { heads, focus } = picture;
  const maps = computed(() => heatMaps(scene, heads.value));
  const top = computed(() => topOf(maps.value, scene.ranges.value));
  const zoom = createZoom(scene, signal);

  const axis = element("div", { class: "hs-key-axis" });
  const panels = element("div", { class: "hs-panels", tabindex: 0, role: "application" });
  panels.setAttribute("aria-roledescription", "heat map");
  panels.setAttribute("aria-description", "Arrow keys go from weight to weight, each is read out; Enter pins it");
  const area = element("div", { class: "hs-matrix" }, axis, panels);
  const box = element("div", { class: "hs-scroll hs-heat-scroll" }, area);
  const legend = heatLegend(
    scene,
    computed(() => quantityOf(scene)),
    top,
    signal,
  );
  tellWidth(box, signal);
  parent.append(element("div", { class: "hs-heat-bar" }, legend, zoomButtons(zoom, signal)), box);

  const layout = layoutOf(scene, maps, widthOf(box, USUAL_WIDTH, signal));
  const names = mountNames(scene, layout, zoom.viewport, focus, signal);
  axis.append(corner(), ...names.key);
  const order = computed(() => maps.value.map(({ head }) => head).join());
  const shown = computed<readonly Panel[]>(() => {
    void order.value;
    return buildPanels(
      layout.value,
      maps.peek().map(({ head }) => head),
      scene.numHeads.value,
      scene.dark.value,
    );
  });
  effectUntil(signal, () => {
    panels.replaceChildren(...names.query, ...shown.value.map(({ root }) => root));
    sizeArea(area, layout.value);
  });
  effectUntil(signal, () => {
    const place = `layer ${scene.layer.value}, ${headNames(scene.heads.value)}`;
    panels.setAttribute("aria-label", `Attention weights of ${place}: queries down, keys across`);
    panels.dataset.from = sideLookedFrom(scene.context.options.aids);
    panels.toggleAttribute("data-zoomed", zoom.times.value > 1);
  });

  const pins = computed(() => ({ query: scene.tokens.query.value, key: scene.tokens.key.value }));
  effectUntil(signal, () => placeBands(panels, "pin", pins.value, layout.value, zoom.viewport.value));
  const marks = computed(() => besidePins(focus.value.tokens, pins.value));
  effectUntil(signal, () => placeBands(panels, "mark", marks.value, layout.value, zoom.viewport.value));

  const paint = painter(scene, maps, top, zoom.viewport, signal);
  effectUntil(signal, () => {
    paint(shown.value, layout.value);
    painted();
  });
  const map = mountMatrixPointing(area, panels, scene, layout, zoom, signal);
  mountGestures(panels, layout, zoom, signal);
  return {
    ...picture,
    maps,
    pointed: computed(() => (map.value === null ? null : (maps.value[map.value] ?? null))),
    keys: matrixKeys(scene, zoom),
  };
}

/** Paints maps into their panels; reads every signal that the pictures depend on. */
function painter(
  scene: Scene,
  maps: ReadonlySignal<readonly HeatMap[]>,
  top: ReadonlySignal<number>,
  viewport: ReadonlySignal<Viewport>,
  signal: AbortSignal,
): (panels: readonly Panel[], layout: MatrixLayout) => void {
  const density = densityOf(signal);
  const { scale } = scene.context.options;
  const inks = computed(() => inksOf({ dark: scene.dark.value, scale: scale.value, top: top.value }));
  return (panels, layout) => {
    void density.value;
    // All maps together are no finer than one canvas of their size would be.
    const side = Math.sqrt(panels.length);
    const ratio = pixelRatio(layout.mapWidth * side, layout.mapHeight * side);
    panels.forEach(({ heat, canvas }, index) => {
      const weights = maps.value[index]?.weights ?? null;
      heat.classList.toggle("hs-empty", !weights);
      paintHeat(canvas, weights, layout, viewport.value, inks.value, ratio);
    });
  };
}

function headNames(heads: readonly number[]): string {
  return `${heads.length === 1 ? "head" : "heads"} ${heads.join(", ")}`;
}

function corner(): HTMLElement {
  return element("div", { class: "hs-matrix-corner" }, element("div", {}, "key →"), element("div", {}, "query ↓"));
}

function layoutOf(
  scene: Scene,
  maps: ReadonlySignal<readonly HeatMap[]>,
  width: ReadonlySignal<number>,
): ReadonlySignal<MatrixLayout> {
  const numMaps = computed(() => maps.value.length);
  const letters = computed(() => [
    longestName(scene.info.value?.query_tokens ?? []),
    longestName(scene.info.value?.key_tokens ?? []),
  ]);
  return computed(() => {
    const { queries, keys } = scene.ranges.value;
    const [queryLetters = 0, keyLetters = 0] = letters.value;
    const [numQueries, numKeys] = [queries[1] - queries[0], keys[1] - keys[0]];
    return layoutMatrix({ numMaps: numMaps.value, numQueries, numKeys, queryLetters, keyLetters }, width.value);
  });
}

/** Tells the style sheet the layout's measures. */
function sizeArea(area: HTMLElement, layout: MatrixLayout): void {
  for (const name of ["left", "top", "mapWidth", "mapHeight", "width", "height"] as const) {
    area.style.setProperty(`--hs-${name}`, `${layout[name]}px`);
  }
}

/** Puts the bands of all maps over a row and a column; out of sight where there is none. */
function placeBands(
  panels: HTMLElement,
  kind: "pin" | "mark",
  { query, key }: TokenPair,
  { mapWidth, mapHeight }: MatrixLayout,
  { queries, keys }: Viewport,
): void {
  const put = (side: string, span: Viewport["keys"], pixels: number, position: number | null) => {
    const [from, extent] = position === null ? [-99, 0] : stretchOf(span, pixels, position);
    panels.style.setProperty(`--hs-${kind}-${side}`, `${from.toFixed(2)}px`);
    panels.style.setProperty(`--hs-${kind}-${side}-size`, `${Math.max(extent, 1).toFixed(2)}px`);
  };
  put("row", queries, mapHeight, query);
  put("column", keys, mapWidth, key);
}
