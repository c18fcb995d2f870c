import { pixelRatio, resizeCanvas } from "../../dom/canvas";
import { drawStrip, type SignedTable } from "../../draw/neuron";
import type { ShownChain } from "./expanded-query";

/** The gap between the strips of keys and of products, in CSS pixels. */
export const STRIP_GAP = 14;

/** The rows of keys that are visible. */
export interface RowsInSight {
  readonly first: number;
  readonly stop: number;
  /** The top of the first row, in CSS pixels. */
  readonly top: number;
  readonly rowHeight: number;
}

/** Draws the key vectors and their products with the query, for the rows in sight. */
export function paintStrips(
  canvas: HTMLCanvasElement,
  shown: ShownChain,
  { first, stop, top, rowHeight }: RowsInSight,
  stripWidth: number,
  table: SignedTable,
): void {
  const { chain, answer, keyAt } = shown;
  const { keys, headDim } = answer.vectors;
  const open = openCanvas(canvas, 2 * stripWidth + STRIP_GAP, (stop - first) * rowHeight);
  canvas.style.top = `${top}px`;
  if (!open) return;
  const { context, image, ratio } = open;
  const width = Math.round(stripWidth * ratio);
  const products = Math.round((stripWidth + STRIP_GAP) * ratio);
  for (let row = first; row < stop; row++) {
    const key = keyAt(row);
    if (chain.hidden?.[key]) continue;
    const place = { y: rowTop(row - first, rowHeight, ratio), width, height: stripHeight(rowHeight, ratio) };
    const component = (dimension: number) => keys[key * headDim + dimension] as number;
    drawStrip(image, headDim, component, table, { ...place, x: 0 });
    const product = (dimension: number) => (chain.query[dimension] as number) * component(dimension);
    drawStrip(image, headDim, product, table, { ...place, x: products });
  }
  context.putImageData(image, 0, 0);
}

/** Draws the query's own vector. */
export function paintQuery(
  canvas: HTMLCanvasElement,
  { chain }: ShownChain,
  rowHeight: number,
  stripWidth: number,
  table: SignedTable,
): void {
  const open = openCanvas(canvas, stripWidth, rowHeight);
  if (!open) return;
  const { context, image, ratio } = open;
  const place = { x: 0, y: rowTop(0, rowHeight, ratio), width: image.width, height: stripHeight(rowHeight, ratio) };
  drawStrip(image, chain.query.length, (dimension) => chain.query[dimension] as number, table, place);
  context.putImageData(image, 0, 0);
}

/** The top of a row's strip. Strips have gaps, so that rows can be told apart. */
function rowTop(row: number, rowHeight: number, ratio: number): number {
  return Math.round((row * rowHeight + margin(rowHeight)) * ratio);
}

function stripHeight(rowHeight: number, ratio: number): number {
  return Math.max(1, Math.round((rowHeight - 2 * margin(rowHeight)) * ratio));
}

function margin(rowHeight: number): number {
  return rowHeight < 16 ? 1.5 : 3;
}

function openCanvas(canvas: HTMLCanvasElement, width: number, height: number) {
  const ratio = pixelRatio(width, height);
  resizeCanvas(canvas, width * ratio, height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  return context && { context, ratio, image: new ImageData(canvas.width, canvas.height) };
}
