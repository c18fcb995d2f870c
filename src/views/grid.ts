import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { isLong } from "../core/long";
import { element } from "../dom/element";
import { densityOf } from "../dom/size";
import { effectUntil } from "../dom/until";
import { GridCanvas, type GridPicture } from "./grid-canvas";
import { type Cell, cellAt, mountCellKeys } from "./grid-keys";
import { fittingPitch, type GridMeasures, measureGrid } from "./grid-measures";
import { type GridShape, type Overviews, watchOverviews } from "./overviews";
import { overviewsThrough } from "./overviews-lens";
import { PENDING, type Progress } from "./progress";
import type { Scene } from "./scene";
import { workBar } from "./work-bar";

export interface Grid {
  /** Ready only once every thumbnail is painted. */
  readonly progress: ReadonlySignal<Progress>;
  readonly overviews: ReadonlySignal<Overviews>;
  /** The cell under the pointer or with the focus. */
  readonly pointed: ReadonlySignal<Cell | null>;
}

export interface GridOptions {
  readonly viewWidth: ReadonlySignal<number>;
  /** Which part of that width what stands beside the grid gets at least, from 0 to 1. */
  readonly detailPart: number;
  /** Whether the selected heads are open beside the grid: then their cells are marked. */
  readonly isOpen: ReadonlySignal<boolean>;
  /** A cell was clicked. */
  readonly choose: (cell: Cell) => void;
}

/** Every head as a thumbnail: rows are layers, columns heads. */
export function mountGrid(
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
  const wanted = computed(() => shapeOf(scene));
  // Compared as text: heads that are set again to the same heads make no other grid.
  const outline = computed(() => JSON.stringify(wanted.value));
  const shape = computed<GridShape>(() => JSON.parse(outline.value) ?? { map: "", rows: [] });
  const pitch = computed(() => fittingPitch(shape.value, viewWidth.value, detailPart));
  const measures = computed(() => measureGrid(shape.value, pitch.value));
  const density = densityOf(signal);
  const picture = computed<GridPicture>(() => {
    void density.value;
    return { measures: measures.value, numLayers: scene.info.value?.num_layers ?? 0, dark: scene.dark.value };
  });
  const selectedRow = () => shape.peek().rows.findIndex(({ layer }) => layer === scene.layer.peek());
  const watch = watchOverviews(
    scene.context.source,
    wanted,
    (rows) => nearestRow(rows, box, pitch.peek(), selectedRow()),
    () => isLong(scene.whole.peek() ?? NO_TOKENS),
    signal,
  );
  const { progress } = watch;
  const overviews = overviewsThrough(scene.lens, watch.overviews);
  parent.append(workBar(watch, signal));
  const painted = signalOf<Overviews | null>(null);
  const paper = new GridCanvas(canvas);
  const cells = computed(() => buildCells(measures.value, shape.value));
  effectUntil(signal, () => fillTable(table, canvas, measures.value, shape.value, cells.value));
  effectUntil(signal, () => markOpen(cells.value, scene, isOpen.value));
  effectUntil(signal, () => {
    if (overviews.value.shape?.map === scene.info.value?.name) paper.paint(picture.value, overviews.value);
    painted.value = overviews.value;
  });
  const pointed = mountCellKeys(table, signal);
  table.addEventListener(
    "click",
    (event) => {
      const cell = cellAt(event.target);
      if (cell) choose(cell);
    },
    { signal },
  );
  const isBehind = () => progress.value.state === "ready" && painted.value !== overviews.value;
  return { progress: computed(() => (isBehind() ? PENDING : progress.value)), overviews, pointed };
}

function shapeOf({ info, context }: Scene): GridShape | null {
  if (!info.value) return null;
  const { name, num_layers, num_heads } = info.value;
  const { includeLayers, includeHeads } = context.options;
  const layers = includeLayers.value.filter((layer) => layer < num_layers);
  const included = (head: number) => includeHeads.value?.includes(head) ?? true;
  const rows = layers.map((layer) => ({ layer, heads: [...Array(num_heads[layer] ?? 0).keys()].filter(included) }));
  return { map: name, rows };
}

const NO_TOKENS = { query_tokens: [], key_tokens: [] };

/** The missing row nearest to what the reader sees: the selected layer's first, if it is in sight. */
function nearestRow(rows: readonly number[], box: HTMLElement, pitch: number, selected: number): number {
  const first = box.scrollTop / pitch;
  const last = first + box.clientHeight / pitch - 1;
  const away = (row: number) => Math.max(0, first - row, row - last);
  if (rows.includes(selected) && away(selected) === 0) return selected;
  return rows.reduce((best, row) => (away(row) < away(best) ? row : best));
}

function buildCells({ columns }: GridMeasures, { rows }: GridShape): readonly HTMLElement[] {
  const cells = rows.flatMap(({ layer, heads }, row) =>
    heads.map((head) => cellButton(layer, head, place(row, columns.indexOf(head)))),
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
): void {
  const name = (kind: string, number: number, style: string) => element("div", { class: kind, style }, String(number));
  const heads = columns.map((head, column) => name("hs-head-name", head, place(-1, column)));
  const layers = rows.map(({ layer }, row) => name("hs-layer-name", layer, place(row, -1)));
  table.style.setProperty("--hs-pitch", `${pitch}px`);
  table.style.setProperty("--hs-gap", `${gap}px`);
  table.style.gridTemplate = `auto repeat(${rows.length}, ${pitch}px) / auto repeat(${columns.length}, ${pitch}px)`;
  canvas.setAttribute("style", `grid-area: 2 / 2 / -1 / -1; width: ${width}px; height: ${height}px`);
  const corner = element("div", { class: "hs-corner", style: place(-1, -1) });
  table.replaceChildren(canvas, corner, ...heads, ...layers, ...cells);
}

/** Where a row and a column of the grid stand; -1 is the axis. */
function place(row: number, column: number): string {
  return `grid-area: ${row + 2} / ${column + 2}`;
}

function cellButton(layer: number, head: number, style: string): HTMLElement {
  return element("button", {
    type: "button",
    class: "hs-cell",
    tabindex: -1,
    "aria-label": `Layer ${layer} head ${head}`,
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
