import { layerColor } from "../core/colors";
import type { HeadWeights } from "../core/head-weights";
import { pixelRatio, resizeCanvas } from "../dom/canvas";
import { type Drawing, type DrawingWish, setRedraw } from "../dom/drawing";
import { drawThumbnail } from "../draw/thumbnails";
import type { GridMeasures } from "./grid-measures";
import type { Overviews } from "./overviews";

/** Everything but the weights that the thumbnails depend on. A new object means that all are drawn anew. */
export interface GridPicture {
  readonly measures: GridMeasures;
  readonly numLayers: number;
  readonly dark: boolean;
}

/** A picture's thumbnails get coarser rather than more pixels than these. */
const MOST_PIXELS = 2_000_000;

/** Paints thumbnails into one canvas, a row at a time: a row that stands there already is left alone. */
export class GridCanvas {
  #picture: GridPicture | null = null;
  #overviews: Overviews | null = null;
  #painted: (readonly HeadWeights[] | undefined)[] = [];

  constructor(readonly canvas: HTMLCanvasElement) {
    setRedraw(canvas, (wish) => this.#redraw(wish));
  }

  paint(picture: GridPicture, overviews: Overviews): void {
    this.#overviews = overviews;
    this.#paint(picture, overviews, pixelRatio(picture.measures.width, picture.measures.height));
  }

  #paint(picture: GridPicture, { shape, rows }: Overviews, ratio: number): void {
    const { width, height } = picture.measures;
    const context = this.canvas.getContext("2d");
    if (picture !== this.#picture) {
      resizeCanvas(this.canvas, width * ratio, height * ratio);
      context?.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.#painted = [];
    }
    this.#picture = picture;
    if (context && shape) {
      rows.forEach((row, index) => {
        if (row && row !== this.#painted[index]) paintRow(context, picture, ratio, index, shape.rows[index], row);
      });
    }
    this.#painted = [...rows];
  }

  /** The same thumbnails as fine as a picture needs that others may print. */
  #redraw(wish: DrawingWish): Drawing | null {
    if (!this.#picture || !this.#overviews) return null;
    const ratio = Math.min(wish.ratio, Math.sqrt(MOST_PIXELS / Math.max(1, wish.width * wish.height)));
    const copy = new GridCanvas(document.createElement("canvas"));
    copy.#paint(this.#picture, this.#overviews, ratio);
    return { image: copy.canvas, why: "The thumbnails are an embedded image." };
  }
}

function paintRow(
  context: CanvasRenderingContext2D,
  { measures, numLayers, dark }: GridPicture,
  ratio: number,
  index: number,
  row: { readonly layer: number; readonly heads: readonly number[] } | undefined,
  weights: readonly HeadWeights[],
): void {
  if (!row) return;
  const { pitch, gap, columns } = measures;
  const image = new ImageData(context.canvas.width, Math.max(1, Math.floor(pitch * ratio)));
  const size = Math.floor((pitch - gap) * ratio);
  const color = layerColor(row.layer, numLayers, dark);
  row.heads.forEach((head, position) => {
    const x = Math.round((columns.indexOf(head) * pitch + gap / 2) * ratio);
    drawThumbnail(image, x, Math.round((gap / 2) * ratio), size, weights[position] as HeadWeights, color);
  });
  context.putImageData(image, 0, Math.round(index * pitch * ratio));
}
