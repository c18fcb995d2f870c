import { computed, type ReadonlySignal } from "@preact/signals-core";
import { layerName } from "../../core/look/layer-name";
import { layoutMatrix, type MatrixLayout } from "../../core/look/matrix-layout";
import { sideLookedFrom } from "../../core/state/side";
import { pixelRatio } from "../../dom/canvas";
import { element } from "../../dom/element";
import { densityOf, reportWidth, widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import type { KeyBinding } from "../frame/keys";
import { type HeatSource, headsOfMaps, type ScreenArea } from "../heat/heat-source";
import { type MatrixScene, matrixScene } from "../heat/matrix-scene";
import { besidePins, type Focus, followFocus } from "../scene/focus";
import type { LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import { heatScale } from "../scene/weight-scale";
import { tiledHeads } from "../tiles/tiled-heads";
import type { Readout } from "../tokens/readout";
import { longestName, mountNames } from "./axis-labels";
import { matrixKeys } from "./matrix-controls";
import { mountMatrixPointing } from "./matrix-pointing";
import { paintHeat, pixelColorsOf } from "./paint-heat-map";
import { buildPanels, type Panel, placeBands } from "./panels";
import { hasParts, mountParts, PARTS } from "./part-rules";
import { wholeHeads } from "./untiled-heads";
import { createZoom, revealPins } from "./zoom";
import { heatBar } from "./zoom-bar";
import { mountGestures } from "./zoom-gestures";

/** The width of the maps before they are in a page, in CSS pixels. */
const USUAL_WIDTH = 900;

/** The height of the legend above the maps and of the gaps around them, in CSS pixels. */
const BAR = 44;
/** Higher maps are not easier to read. */
const MOST_HEIGHT = 900;

/** The pane of heat maps of the active heads. */
export interface Matrix extends LayerPicture {
  readonly readout: () => Readout;
  readonly keys: readonly KeyBinding[];
}

/** The active heads as heat maps, with queries down and keys across, a legend, and zoom buttons. */
export function mountMatrix(parent: HTMLElement, given: Scene, signal: AbortSignal): Matrix {
  const scene = matrixScene(given);
  const focus = followFocus(scene);
  const maps = computed(() => headsOfMaps(scene));
  const zoom = createZoom(scene, signal);
  revealPins(scene, zoom, signal);

  const axis = element("div", { class: "hs-key-axis" });
  const panels = element("div", { class: "hs-panels", tabindex: 0, role: "application" });
  panels.setAttribute("aria-roledescription", "heat map");
  panels.setAttribute("aria-description", "Arrow keys go from weight to weight, each is read out; Enter pins it");
  const area = element("div", { class: "hs-matrix" }, axis, panels);
  const box = element("div", { class: "hs-scroll hs-heat-scroll" }, area);
  reportWidth(box, signal);
  const layout = layoutOf(scene, maps, widthOf(box, USUAL_WIDTH, signal));
  const ratio = ratioOf(layout, maps, signal);
  const source = heatSource(scene, focus, { viewport: zoom.viewport, pixels: pixelsOf(layout, ratio) }, signal);
  parent.append(heatBar(scene, source, zoom, signal), box);

  const names = mountNames(scene, layout, zoom.viewport, focus, signal);
  const parts = mountParts(scene, layout, zoom.viewport, signal);
  axis.append(corner(), ...names.key, parts.key);
  const order = computed(() => maps.value.join());
  const shown = computed<readonly Panel[]>(() => {
    void order.value;
    return buildPanels(layout.value, maps.peek(), scene.numHeads.value, scene.dark.value);
  });
  effectUntil(signal, () => {
    panels.replaceChildren(...names.query, ...shown.value.map(({ root }) => root), parts.query);
    sizeArea(area, layout.value);
    area.style.setProperty("--hs-parts", hasParts(scene) ? `${PARTS}px` : "0px");
  });
  effectUntil(signal, () => {
    const place = `layer ${layerName(scene.wholeMap.value, scene.layer.value)}, ${headNames(scene.heads.value)}`;
    panels.setAttribute("aria-label", `Attention weights of ${place}: queries down, keys across`);
    panels.dataset.from = sideLookedFrom(scene.context.options.aids);
    panels.toggleAttribute("data-zoomed", zoom.times.value > 1);
  });

  const pins = computed(() => ({ query: scene.tokens.query.value, key: scene.tokens.key.value }));
  effectUntil(signal, () => placeBands(panels, "pin", pins.value, layout.value, zoom.viewport.value));
  const marks = computed(() => besidePins(focus.value.tokens, pins.value));
  effectUntil(signal, () => placeBands(panels, "mark", marks.value, layout.value, zoom.viewport.value));

  const paint = painter(scene, source);
  effectUntil(signal, () => {
    paint(shown.value, layout.value, ratio.value);
    panels.dataset.level = String(source.value.level.value);
    source.value.painted();
  });
  const pointed = mountMatrixPointing(area, panels, scene, layout, zoom, signal);
  mountGestures(panels, layout, zoom, signal);
  return {
    progress: computed(() => source.value.progress.value),
    layer: computed(() => source.value.layer.value),
    heads: computed(() => source.value.heads.value),
    isPartial: computed(() => source.value.isPartial.value),
    focus,
    readout: () => source.value.readout(pointed.value),
    keys: matrixKeys(scene, zoom),
  };
}

/** Uses whole heads, or tiles if the map is too long. The maps of a capture may differ in length. */
function heatSource(
  scene: MatrixScene,
  focus: ReadonlySignal<Focus>,
  frame: ScreenArea,
  signal: AbortSignal,
): ReadonlySignal<HeatSource> {
  const [whole, tiled] = [wholeHeads(scene, frame, signal), tiledHeads(scene, frame, focus, signal)];
  return computed(() => (scene.isLong.value ? tiled : whole));
}

/** Paints maps into their panels, and reads every signal that the pictures depend on. */
function painter(
  scene: Scene,
  source: ReadonlySignal<HeatSource>,
): (panels: readonly Panel[], layout: MatrixLayout, ratio: number) => void {
  const inks = computed(() => {
    const { top, least } = source.value;
    const { scale } = heatScale(scene);
    return pixelColorsOf({ colors: scene.heat.value, scale, top: top.value.weight, least: least.value });
  });
  return (panels, layout, ratio) => {
    panels.forEach(({ heat, canvas }, index) => {
      const part = source.value.part(index);
      heat.classList.toggle("hs-empty", !part);
      paintHeat(canvas, part, layout, inks.value, ratio);
    });
  };
}

/** Device pixels per CSS pixel, limited so that all maps together take no more pixels than one canvas of their size. */
function ratioOf(
  layout: ReadonlySignal<MatrixLayout>,
  maps: ReadonlySignal<readonly unknown[]>,
  signal: AbortSignal,
): ReadonlySignal<number> {
  const density = densityOf(signal);
  return computed(() => {
    void density.value;
    const side = Math.sqrt(maps.value.length);
    return pixelRatio(layout.value.mapWidth * side, layout.value.mapHeight * side);
  });
}

function pixelsOf(layout: ReadonlySignal<MatrixLayout>, ratio: ReadonlySignal<number>): ScreenArea["pixels"] {
  return computed(() => ({
    width: layout.value.mapWidth * ratio.value,
    height: layout.value.mapHeight * ratio.value,
  }));
}

function headNames(heads: readonly number[]): string {
  return `${heads.length === 1 ? "head" : "heads"} ${heads.join(", ")}`;
}

function corner(): HTMLElement {
  return element("div", { class: "hs-matrix-corner" }, element("div", {}, "key →"), element("div", {}, "query ↓"));
}

function layoutOf(
  scene: Scene,
  maps: ReadonlySignal<readonly unknown[]>,
  width: ReadonlySignal<number>,
): ReadonlySignal<MatrixLayout> {
  const numMaps = computed(() => maps.value.length);
  const letters = computed(() => [
    longestName(scene.description.value?.query_tokens ?? []),
    longestName(scene.description.value?.key_tokens ?? []),
  ]);
  return computed(() => {
    const { queries, keys } = scene.ranges.value;
    const [queryLetters = 0, keyLetters = 0] = letters.value;
    const [numQueries, numKeys] = [queries[1] - queries[0], keys[1] - keys[0]];
    const parts = hasParts(scene) ? PARTS : 0;
    const shape = { numMaps: numMaps.value, numQueries, numKeys, queryLetters, keyLetters, parts };
    return layoutMatrix(shape, width.value, Math.min(MOST_HEIGHT, scene.room.value - BAR));
  });
}

/** Passes the measures of the layout to the style sheet. */
function sizeArea(area: HTMLElement, layout: MatrixLayout): void {
  for (const name of ["left", "top", "mapWidth", "mapHeight", "width", "height"] as const) {
    area.style.setProperty(`--hs-${name}`, `${layout[name]}px`);
  }
}
