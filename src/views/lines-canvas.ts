import type { TokenPair } from "../core/context";
import type { TokenLayout } from "../core/layout";
import { MAX_ROW_HEIGHT } from "../core/layout";
import type { LineGeometry } from "../core/lines";
import { pixelRatio, resizeCanvas } from "../dom/canvas";
import { drawLines } from "../draw/lines";
import type { ShownHead } from "./marks";

/** Everything that the lines of all tokens depend on. A new object means that they are drawn anew. */
export interface LinesPicture {
  readonly heads: readonly ShownHead[];
  readonly layout: TokenLayout;
  /** In CSS pixels. */
  readonly width: number;
}

/** Half the width of a line in CSS pixels, at the tallest row. */
const HALF_WIDTH = 0.9;

/** Paints lines into a canvas. The picture of all lines is kept, so that leaving a token costs no drawing. */
export class LinesCanvas {
  #drawn: LinesPicture | null = null;
  #all: ImageData | null = null;
  #some: ImageData | null = null;

  constructor(readonly canvas: HTMLCanvasElement) {}

  /** Draws the lines of the given tokens; all lines if both are null. */
  paint(picture: LinesPicture, lines: TokenPair): void {
    const ratio = pixelRatio(picture.width, picture.layout.height);
    resizeCanvas(this.canvas, picture.width * ratio, picture.layout.height * ratio);
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const isAll = lines.query === null && lines.key === null;
    if (!isAll) this.#some = fitted(this.#some, this.canvas);
    const image = isAll ? this.#allLines(picture, ratio) : (this.#some as ImageData);
    if (!isAll) draw(image, picture, lines, ratio);
    context.putImageData(image, 0, 0);
  }

  clear(): void {
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #allLines(picture: LinesPicture, ratio: number): ImageData {
    const image = fitted(this.#all, this.canvas);
    if (this.#drawn !== picture || this.#all !== image) draw(image, picture, { query: null, key: null }, ratio);
    this.#drawn = picture;
    this.#all = image;
    return image;
  }
}

function fitted(image: ImageData | null, { width, height }: HTMLCanvasElement): ImageData {
  return image?.width === width && image.height === height ? image : new ImageData(width, height);
}

function draw(image: ImageData, { heads, layout }: LinesPicture, { query, key }: TokenPair, ratio: number): void {
  const geometry: LineGeometry = {
    queryY: layout.queryY.map((y) => y * ratio),
    keyY: layout.keyY.map((y) => y * ratio),
    left: 0,
    right: image.width,
  };
  const halfWidth = HALF_WIDTH * ratio * Math.sqrt(layout.rowHeight / MAX_ROW_HEIGHT);
  // The few lines of one token hardly cover each other, and may be stronger than those of all.
  const opacity = query === null && key === null ? 1 / heads.length : 1 / Math.sqrt(heads.length);
  drawLines(image, heads, geometry, { opacity, halfWidth, query, key });
}
