import type { TokenPair } from "../../core/state/context";
import { pixelRatio, resizeCanvas } from "../../dom/canvas";
import type { VisibleStretch } from "../../dom/size";
import { geometryOf, type LinesPicture, styleOf } from "../../draw/lines/line-picture";
import { drawLines } from "../../draw/lines/lines";
import type { ShownHead } from "../scene/shown-heads";

type HeadsPicture = LinesPicture<ShownHead>;

const ALL: TokenPair = { query: null, key: null };

/**
 * Paints lines into a canvas. Keeps the picture of all lines, so that nothing is drawn when the pointer leaves a token.
 */
export class LinesCanvas {
  #drawn: HeadsPicture | null = null;
  #all: ImageData | null = null;
  #seen: ImageData | null = null;

  constructor(readonly canvas: HTMLCanvasElement) {}

  paintAll(picture: HeadsPicture): void {
    const context = this.#open(picture);
    if (!context) return;
    const image = fitted(this.#all, this.canvas.width, this.canvas.height);
    if (this.#drawn !== picture || this.#all !== image) draw(image, picture, ALL, 0);
    this.#drawn = picture;
    this.#all = image;
    context.putImageData(image, 0, 0);
  }

  /** Draws only the lines of one token or pair, and only in the visible stretch. */
  paintSome(picture: HeadsPicture, lines: TokenPair, seen: VisibleStretch): void {
    const context = this.#open(picture);
    if (!context) return;
    const { width, height } = this.canvas;
    const ratio = width / picture.width;
    const top = Math.max(0, Math.min(height - 1, Math.floor(seen.top * ratio)));
    const rows = Math.min(height - top, Math.ceil((seen.height || picture.layout.height) * ratio));
    this.#seen = fitted(this.#seen, width, rows);
    draw(this.#seen, picture, lines, top);
    context.clearRect(0, 0, width, height);
    context.putImageData(this.#seen, 0, top);
  }

  clear(): void {
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #open(picture: HeadsPicture): CanvasRenderingContext2D | null {
    const { width, layout } = picture;
    const ratio = pixelRatio(width, layout.height);
    resizeCanvas(this.canvas, width * ratio, layout.height * ratio);
    return this.canvas.getContext("2d");
  }
}

function fitted(image: ImageData | null, width: number, height: number): ImageData {
  return image?.width === width && image.height === height ? image : new ImageData(width, height);
}

/** Draws into an image whose first row is row `top` of the picture, in device pixels. */
function draw(image: ImageData, picture: HeadsPicture, lines: TokenPair, top: number): void {
  const ratio = image.width / picture.width;
  drawLines(image, picture.strength.heads, geometryOf(picture, ratio, top), styleOf(picture, lines, ratio));
}
