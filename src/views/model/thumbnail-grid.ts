import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import { layerName, layerPlace } from "../../core/look/layer-name";
import { isLong } from "../../core/weights/map-size";
import { element, setAttribute } from "../../dom/element";
import { densityOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { type GridShape, type Overviews, watchOverviews } from "../fetch/fetch-overviews";
import { PENDING, type Progress } from "../fetch/progress";
import type { Scene } from "../scene/scene";
import { progressBar } from "./progress-bar";
import { shownOverviews } from "./shown-overviews";
import { type GridPicture, ThumbnailCanvas } from "./thumbnail-canvas";
import { fittingPitch, type GridMeasures, measureGrid } from "./thumbnail-layout";
import { type LayerHead, mountThumbnailPointing } from "./thumbnail-pointing";

export interface Grid {
  /** Ready only once every thumbnail is painted. */
  readonly progress: ReadonlySignal<Progress>;
  readonly overviews: ReadonlySignal<Overviews>;
  /** The cell under the pointer or with the focus. */
  readonly pointed: ReadonlySignal<LayerHead | null>;
}

export interface GridOptions {
  readonly viewWidth: ReadonlySignal<number>;
  /** The least fraction of that width, from 0 to 1, that is kept free for the part beside the grid. */
  readonly detailPart: number;
  /** Whether the selected heads are open beside the grid, so that their cells are marked. */
  readonly isOpen: ReadonlySignal<boolean>;
  /** Called when a cell is clicked. */
  readonly choose: (cell: LayerHead) => void;
}

/** Every head as a thumbnail: rows are layers, columns heads. */
export function mountThumbnailGrid(
  parent: HTMLElement,
  scene: Scene,
  { viewWidth, detailPart, isOpen, choose }: GridOptions,
  signal: AbortSignal,
): Grid {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const table = element("div", { class: "hs-grid", role: "group", "aria-label": "Heads by layer" });
  const box = element("div", { class: "hs-grid-scroll" }, table);
  parent.append(
    element("div", { class: "hs-axis hs-axis-heads" }, "Head"),
    element("div", { class: "hs-axis hs-axis-layers" }, "Layer"),
    box,
  );
  const requested = computed(() => shapeOf(scene));
  // Compared as text, so that setting the same heads again makes no new grid.
  const outline = computed(() => JSON.stringify(requested.value));
  const shape = computed<GridShape>(() => JSON.parse(outline.value) ?? { map: "", rows: [] });
  const pitch = computed(() => fittingPitch(shape.value, viewWidth.value, detailPart));
  const measures = computed(() => measureGrid(shape.value, pitch.value));
  const density = densityOf(signal);
  const picture = computed<GridPicture>(() => {
    void density.value;
    return { measures: measures.value, numLayers: scene.description.value?.num_layers ?? 0, dark: scene.dark.value };
  });
  const selectedRow = () => shape.peek().rows.findIndex(({ layer }) => layer === scene.layer.peek());
  const watch = watchOverviews(
    scene.context.source,
    requested,
    (rows) => nearestRow(rows, box, pitch.peek(), selectedRow()),
    () => isLong(scene.wholeMap.peek() ?? NO_TOKENS),
    signal,
  );
  const { progress } = watch;
  const overviews = shownOverviews(scene.shownMap, watch.overviews);
  parent.append(progressBar(watch, signal));
  const painted = signalOf<Overviews | null>(null);
  const paper = new ThumbnailCanvas(canvas);
  const cells = computed(() => buildCells(measures.value, shape.value, scene.wholeMap.value));
  effectUntil(signal, () => fillTable(table, canvas, measures.value, shape.value, cells.value, scene.wholeMap.value));
  effectUntil(signal, () => markOpen(cells.value, scene, isOpen.value));
  effectUntil(signal, () => {
    if (overviews.value.shape?.map === scene.description.value?.name) paper.paint(picture.value, overviews.value);
    painted.value = overviews.value;
  });
  const pointed = mountThumbnailPointing(table, choose, signal);
  const isBehind = () => progress.value.state === "ready" && painted.value !== overviews.value;
  return { progress: computed(() => (isBehind() ? PENDING : progress.value)), overviews, pointed };
}

function shapeOf({ description, context }: Scene): GridShape | null {
  if (!description.value) return null;
  const { name, num_layers, num_heads } = description.value;
  const { includeLayers, includeHeads } = context.options;
  const layers = includeLayers.value.filter((layer) => layer < num_layers);
  const included = (head: number) => includeHeads.value?.includes(head) ?? true;
  const rows = layers.map((layer) => ({ layer, heads: [...Array(num_heads[layer] ?? 0).keys()].filter(included) }));
  return { map: name, rows };
}

const NO_TOKENS = { query_tokens: [], key_tokens: [] };

/** The missing row nearest to the visible ones; the selected layer's first, if it is visible. */
function nearestRow(rows: readonly number[], box: HTMLElement, pitch: number, selected: number): number {
  const first = box.scrollTop / pitch;
  const last = first + box.clientHeight / pitch - 1;
  const away = (row: number) => Math.max(0, first - row, row - last);
  if (rows.includes(selected) && away(selected) === 0) return selected;
  return rows.reduce((best, row) => (away(row) < away(best) ? row : best));
}

function buildCells(
  { columns }: GridMeasures,
  { rows }: GridShape,
  map: MapDescription | undefined,
): readonly HTMLElement[] {
  const cells = rows.flatMap(({ layer, heads }, row) =>
    heads.map((head) => cellButton(layer, layerName(map, layer), head, place(row, columns.indexOf(head)))),
  );
  cells[0]?.setAttribute("tabindex", "0");
  return cells;
}

function fillTable(
  table: HTMLElement,
  canvas: HTMLCanvasElement,
  { columns, pitch, gap, width, height }: GridMeasures,
  { rows }: GridShape,
  cells: readonly HTMLElement[],
  map: MapDescription | undefined,
): void {
  const name = (kind: string, text: string, style: string) => element("div", { class: kind, style }, text);
  const heads = columns.map((head, column) => name("hs-head-name", String(head), place(-1, column)));
  const layers = rows.map(({ layer }, row) => {
    const shown = name("hs-layer-name", layerName(map, layer), place(row, -1));
    setAttribute(shown, "title", layerPlace(map, layer) || undefined);
    return shown;
  });
  table.style.setProperty("--hs-pitch", `${pitch}px`);
  table.style.setProperty("--hs-gap", `${gap}px`);
  table.style.gridTemplate = `auto repeat(${rows.length}, ${pitch}px) / auto repeat(${columns.length}, ${pitch}px)`;
  canvas.setAttribute("style", `grid-area: 2 / 2 / -1 / -1; width: ${width}px; height: ${height}px`);
  const corner = element("div", { class: "hs-corner", style: place(-1, -1) });
  table.replaceChildren(canvas, corner, ...heads, ...layers, ...cells);
}

/** The grid area of a row and a column; -1 is the axis. */
function place(row: number, column: number): string {
  return `grid-area: ${row + 2} / ${column + 2}`;
}

function cellButton(layer: number, name: string, head: number, style: string): HTMLElement {
  return element("button", {
    type: "button",
    class: "hs-cell",
    tabindex: -1,
    "aria-label": `Layer ${name} head ${head}`,
    "data-layer": layer,
    "data-head": head,
    style,
  });
}

/** Marks the cells whose heads the detail shows. */
function markOpen(cells: readonly HTMLElement[], { heads, layer }: Scene, isOpen: boolean): void {
  const open = new Set(isOpen ? heads.value.map((head) => `${layer.value} ${head}`) : []);
  for (const cell of cells) {
    cell.setAttribute("aria-pressed", String(open.has(`${cell.dataset.layer} ${cell.dataset.head}`)));
  }
}
