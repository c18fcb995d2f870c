import { layerColor } from "../../core/look/colors";
import type { HeadWeights } from "../../core/weights/head-weights";
import { pixelRatio, resizeCanvas } from "../../dom/canvas";
import { type Drawing, type DrawingRequest, setRedraw } from "../../dom/svg/canvas-redraw";
import { drawThumbnail } from "../../draw/thumbnails";
import type { Overviews } from "../fetch/fetch-overviews";
import type { GridMeasures } from "./thumbnail-layout";

/** Everything except the weights that determines the thumbnails. A new object means that all are drawn again. */
export interface GridPicture {
  readonly measures: GridMeasures;
  readonly numLayers: number;
  readonly dark: boolean;
}

/** The most pixels of a printed picture's thumbnails; a larger picture is coarser instead. */
const MAX_PIXELS = 2_000_000;

/** Paints thumbnails into one canvas, row by row, and skips rows that are already painted. */
export class ThumbnailCanvas {
  #picture: GridPicture | null = null;
  #overviews: Overviews | null = null;
  #painted: (readonly HeadWeights[] | undefined)[] = [];

  constructor(readonly canvas: HTMLCanvasElement) {
    setRedraw(canvas, (request) => this.#redraw(request));
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

  /** Draws the same thumbnails at the resolution of a printed picture. */
  #redraw(request: DrawingRequest): Drawing | null {
    if (!this.#picture || !this.#overviews) return null;
    const ratio = Math.min(request.ratio, Math.sqrt(MAX_PIXELS / Math.max(1, request.width * request.height)));
    const copy = new ThumbnailCanvas(document.createElement("canvas"));
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
