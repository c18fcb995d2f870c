import type { TokenPair } from "../core/context";
import type { TokenLayout } from "../core/layout";
import { MAX_ROW_HEIGHT } from "../core/layout";
import type { LineGeometry, LineStyle } from "../core/lines";
import { canvasOf, pixelRatio, resizeCanvas } from "../dom/canvas";
import { type Drawing, type DrawingWish, setRedraw } from "../dom/drawing";
import type { Stretch } from "../dom/size";
import { drawLines } from "../draw/lines";
import { linesMarks } from "./lines-marks";
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

/** A picture that others may print has so many lines as paths, one by one; beyond, they are an image. */
const MOST_PATHS = 5000;
/** The image gets coarser rather than larger. */
const MOST_PIXELS = 2_000_000;

/** Paints lines into a canvas. The picture of all lines is kept, so that leaving a token costs no drawing. */
export class LinesCanvas {
  #drawn: LinesPicture | null = null;
  #all: ImageData | null = null;
  #seen: ImageData | null = null;
  #shown: { readonly picture: LinesPicture; readonly lines: TokenPair } | null = null;

  constructor(readonly canvas: HTMLCanvasElement) {
    setRedraw(canvas, (wish) => this.#shown && redraw(this.#shown.picture, this.#shown.lines, wish));
  }

  paintAll(picture: LinesPicture): void {
    const context = this.#open(picture, ALL);
    if (!context) return;
    const image = fitted(this.#all, this.canvas.width, this.canvas.height);
    if (this.#drawn !== picture || this.#all !== image) draw(image, picture, ALL, 0);
    this.#drawn = picture;
    this.#all = image;
    context.putImageData(image, 0, 0);
  }

  /** Draws the lines of a token or a pair alone, and only as far as they are seen. */
  paintSome(picture: LinesPicture, lines: TokenPair, seen: Stretch): void {
    const context = this.#open(picture, lines);
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
    this.#shown = null;
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #open(picture: LinesPicture, lines: TokenPair): CanvasRenderingContext2D | null {
    const { width, layout } = picture;
    this.#shown = { picture, lines };
    const ratio = pixelRatio(width, layout.height);
    resizeCanvas(this.canvas, width * ratio, layout.height * ratio);
    return this.canvas.getContext("2d");
  }
}

function fitted(image: ImageData | null, width: number, height: number): ImageData {
  return image?.width === width && image.height === height ? image : new ImageData(width, height);
}

/** Draws into an image whose first row is the picture's row `top`, in device pixels. */
function draw(image: ImageData, picture: LinesPicture, lines: TokenPair, top: number): void {
  const ratio = image.width / picture.width;
  drawLines(image, picture.heads, geometryOf(picture, ratio, top), styleOf(picture, lines, ratio));
}

function geometryOf({ layout, width }: LinesPicture, ratio: number, top: number): LineGeometry {
  return {
    queryY: layout.queryY.map((y) => y * ratio - top),
    keyY: layout.keyY.map((y) => y * ratio - top),
    left: 0,
    right: width * ratio,
  };
}

function styleOf({ heads, layout }: LinesPicture, { query, key }: TokenPair, ratio: number): LineStyle {
  const halfWidth = HALF_WIDTH * ratio * Math.sqrt(layout.rowHeight / MAX_ROW_HEIGHT);
  // The few lines of one token hardly cover each other, and may be stronger than those of all.
  const opacity = query === null && key === null ? 1 / heads.length : 1 / Math.sqrt(heads.length);
  return { opacity, halfWidth, query, key };
}

/** The picture as others may print it: whole, and as paths if it has not too many lines. */
function redraw(shown: LinesPicture, lines: TokenPair, wish: DrawingWish): Drawing {
  const picture = { ...shown, width: wish.width };
  const marks = wish.marks
    ? linesMarks(picture.heads, geometryOf(picture, 1, 0), styleOf(picture, lines, 1), MOST_PATHS)
    : null;
  if (marks !== null) return { marks };
  const ratio = Math.min(wish.ratio, Math.sqrt(MOST_PIXELS / Math.max(1, wish.width * picture.layout.height)));
  const image = new ImageData(Math.ceil(wish.width * ratio), Math.ceil(picture.layout.height * ratio));
  draw(image, picture, lines, 0);
  return { image: canvasOf(image), why: `The lines are an embedded image: more than ${MOST_PATHS} can be seen.` };
}
