import type { TokenPair } from "../core/context";
import type { TokenLayout } from "../core/layout";
import { MAX_ROW_HEIGHT } from "../core/layout";
import type { LineGeometry } from "../core/lines";
import { pixelRatio, resizeCanvas } from "../dom/canvas";
import type { Stretch } from "../dom/size";
import { drawLines } from "../draw/lines";
import type { ShownHead } from "./shown-heads";

/** Everything that the lines of all tokens depend on. A new object means that they are drawn anew. */
export interface LinesPicture {
  readonly heads: readonly ShownHead[];
  readonly layout: TokenLayout;
  /** In CSS pixels. */
  readonly width: number;
}

/** Half the width of a line in CSS pixels, at the tallest row. */
const HALF_WIDTH = 0.9;

const ALL: TokenPair = { query: null, key: null };

/** Paints lines into a canvas. The picture of all lines is kept, so that leaving a token costs no drawing. */
export class LinesCanvas {
  #drawn: LinesPicture | null = null;
  #all: ImageData | null = null;
  #seen: ImageData | null = null;

  constructor(readonly canvas: HTMLCanvasElement) {}

  paintAll(picture: LinesPicture): void {
    const context = this.#open(picture);
    if (!context) return;
    const image = fitted(this.#all, this.canvas.width, this.canvas.height);
    if (this.#drawn !== picture || this.#all !== image) draw(image, picture, ALL, 0);
    this.#drawn = picture;
    this.#all = image;
    context.putImageData(image, 0, 0);
  }

  /** Draws the lines of a token or a pair alone, and only as far as they are seen. */
  paintSome(picture: LinesPicture, lines: TokenPair, seen: Stretch): void {
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

  #open({ width, layout }: LinesPicture): CanvasRenderingContext2D | null {
    const ratio = pixelRatio(width, layout.height);
    resizeCanvas(this.canvas, width * ratio, layout.height * ratio);
    return this.canvas.getContext("2d");
  }
}

function fitted(image: ImageData | null, width: number, height: number): ImageData {
  return image?.width === width && image.height === height ? image : new ImageData(width, height);
}

/** Draws into an image whose first row is the picture's row `top`, in device pixels. */
function draw(image: ImageData, picture: LinesPicture, { query, key }: TokenPair, top: number): void {
  const { heads, layout, width } = picture;
  const ratio = image.width / width;
  const geometry: LineGeometry = {
    queryY: layout.queryY.map((y) => y * ratio - top),
    keyY: layout.keyY.map((y) => y * ratio - top),
    left: 0,
    right: image.width,
  };
  const halfWidth = HALF_WIDTH * ratio * Math.sqrt(layout.rowHeight / MAX_ROW_HEIGHT);
  // The few lines of one token hardly cover each other, and may be stronger than those of all.
  const opacity = query === null && key === null ? 1 / heads.length : 1 / Math.sqrt(heads.length);
  drawLines(image, heads, geometry, { opacity, halfWidth, query, key });
}
