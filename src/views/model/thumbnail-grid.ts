import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import { layerName, layerPlace } from "../../core/look/layer-name";
import { isLong } from "../../core/weights/map-size";
import { element, setAttribute } from "../../dom/element";
import { densityOf, seenOf, type VisibleStretch } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { type GridShape, type Overviews, watchOverviews } from "../fetch/fetch-overviews";
import { PENDING, type Progress } from "../fetch/progress";
import { markNoted } from "../notes/head-notes";
import type { Gesture } from "../scene/choose-head";
import type { Scene } from "../scene/scene";
import { progressBar } from "./progress-bar";
import { shownOverviews } from "./shown-overviews";
import { type GridPicture, type SeenRows, ThumbnailCanvas } from "./thumbnail-canvas";
import { columnsOf, fittingPitch, type GridMeasures, measureGrid } from "./thumbnail-layout";
import { thumbnailControl, thumbnailLook } from "./thumbnail-look";
import { type LayerHead, mountThumbnailPointing } from "./thumbnail-pointing";
import { mountPreview } from "./thumbnail-preview";

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
  /** Whether that part is open. */
  readonly isBeside: ReadonlySignal<boolean>;
  /** The heads of the selected layer that are open beside the grid, so that their cells are marked. */
  readonly open: ReadonlySignal<readonly number[]>;
  /** Called when a cell is clicked. */
  readonly choose: (cell: LayerHead, gesture: Gesture) => void;
}

/** Every head as a thumbnail: rows are layers, columns heads. */
export function mountThumbnailGrid(
  parent: HTMLElement,
  scene: Scene,
  { viewWidth, detailPart, isBeside, open, choose }: GridOptions,
  signal: AbortSignal,
): Grid {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const table = element("div", { class: "hs-grid", role: "group", "aria-label": "Heads by layer" });
  const box = element("div", { class: "hs-grid-scroll" }, table);
  parent.append(
    element("div", { class: "hs-axis hs-axis-heads" }, "Head", thumbnailControl(scene, signal)),
    element("div", { class: "hs-axis hs-axis-layers" }, "Layer"),
    box,
  );
  const requested = computed(() => shapeOf(scene));
  // Compared as text, so that setting the same heads again makes no new grid.
  const outline = computed(() => JSON.stringify(requested.value));
  const shape = computed<GridShape>(() => JSON.parse(outline.value) ?? { map: "", rows: [] });
  const pitch = computed(() =>
    fittingPitch(shape.value, {
      width: viewWidth.value,
      height: scene.room.value,
      isBeside: isBeside.value,
      detailPart,
    }),
  );
  const measures = computed(() => measureGrid(shape.value, pitch.value));
  const density = densityOf(signal);
  const selectedRow = () => shape.peek().rows.findIndex(({ layer }) => layer === scene.layer.peek());
  const watch = watchOverviews(
    scene.context.source,
    requested,
    (rows) => nearestRow(rows, box, pitch.peek(), selectedRow()),
    () => isLong(scene.wholeMap.peek() ?? NO_TOKENS),
    signal,
  );
  const { progress } = watch;
  const overviews = shownOverviews(scene, watch.overviews);
  const look = thumbnailLook(scene, overviews);
  const picture = computed<GridPicture>(() => {
    void density.value;
    return { measures: measures.value, look: look.value };
  });
  const seen = seenOf(box, signal);
  const turn = signalOf(0);
  parent.append(progressBar(watch, signal));
  const painted = signalOf<Overviews | null>(null);
  const paper = new ThumbnailCanvas(canvas);
  // Cells are made for what is shown and not for its size: making them anew would take the focus from one of them.
  const columns = computed(() => columnsOf(shape.value));
  const cells = computed(() => buildCells(columns.value, shape.value, scene.wholeMap.value));
  effectUntil(signal, () => fillTable(table, canvas, columns.value, shape.value, cells.value, scene.wholeMap.value));
  effectUntil(signal, () => sizeTable(table, canvas, measures.value, shape.value));
  effectUntil(signal, () => markNotes(cells.value, scene));
  effectUntil(signal, () => markOpen(cells.value, scene.layer.value, open.value));
  effectUntil(signal, () => {
    void turn.value;
    const isMeant = overviews.value.shape?.map === scene.description.value?.name;
    const isDone =
      !isMeant || paper.paint(picture.value, overviews.value, rowsInSight(seen.value, measures.value.pitch));
    if (isDone) painted.value = overviews.value;
    else requestAnimationFrame(() => signal.aborted || turn.value++);
  });
  const pointed = mountThumbnailPointing(table, choose, signal);
  mountPreview(table, scene, pointed, overviews, look, signal);
  const isBehind = () => progress.value.state === "ready" && painted.value !== overviews.value;
  return { progress: computed(() => (isBehind() ? PENDING : progress.value)), overviews, pointed };
}

/** The rows in sight and those just beyond, or all until the page has laid out the grid. */
function rowsInSight({ top, height }: VisibleStretch, pitch: number): SeenRows {
  if (height === 0) return { first: 0, stop: Number.POSITIVE_INFINITY };
  return { first: Math.max(0, Math.floor((top - height / 2) / pitch)), stop: Math.ceil((top + 1.5 * height) / pitch) };
}

/** The heads that a grid shows; null while there is no map. */
export function shapeOf({ description, context }: Scene): GridShape | null {
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
  columns: readonly number[],
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
  columns: readonly number[],
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
  const corner = element("div", { class: "hs-corner", style: place(-1, -1) });
  table.replaceChildren(canvas, corner, ...heads, ...layers, ...cells);
}

function sizeTable(
  table: HTMLElement,
  canvas: HTMLCanvasElement,
  { columns, pitch, gap, width, height }: GridMeasures,
  { rows }: GridShape,
): void {
  table.style.setProperty("--hs-pitch", `${pitch}px`);
  table.style.setProperty("--hs-gap", `${gap}px`);
  table.style.gridTemplate = `auto repeat(${rows.length}, ${pitch}px) / auto repeat(${columns.length}, ${pitch}px)`;
  canvas.setAttribute("style", `grid-area: 2 / 2 / -1 / -1; width: ${width}px; height: ${height}px`);
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

/** Marks the cells whose heads have a note. */
function markNotes(cells: readonly HTMLElement[], scene: Scene): void {
  const map = scene.wholeMap.value?.name;
  const own = (scene.context.notes?.notes.value ?? []).filter((note) => note.map === map);
  const notes = new Map(own.map((note) => [`${note.layer} ${note.head}`, note]));
  for (const cell of cells) markNoted(cell, notes.get(`${cell.dataset.layer} ${cell.dataset.head}`));
}

/** Marks the cells whose heads the detail shows. */
function markOpen(cells: readonly HTMLElement[], layer: number, heads: readonly number[]): void {
  const open = new Set(heads.map((head) => `${layer} ${head}`));
  for (const cell of cells) {
    const isOpen = String(open.has(`${cell.dataset.layer} ${cell.dataset.head}`));
    // A large grid has thousands of cells, and a change of layer touches few.
    if (cell.getAttribute("aria-pressed") !== isOpen) cell.setAttribute("aria-pressed", isOpen);
  }
}
