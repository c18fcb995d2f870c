import type { LineGeometry, LineStyle } from "../../core/look/line-geometry";
import { MAX_ROW_HEIGHT, type TokenLayout } from "../../core/look/token-layout";
import type { TokenPair } from "../../core/state/context";
import { canvasOf, pixelRatio, resizeCanvas } from "../../dom/canvas";
import type { VisibleStretch } from "../../dom/size";
import { type Drawing, type DrawingRequest, setRedraw } from "../../dom/svg/canvas-redraw";
import { drawLines } from "../../draw/lines/lines";
import type { ShownHead } from "../scene/shown-heads";
import { linesMarks } from "./lines-svg";

/** Everything that determines the lines of all tokens. A new object means that they are drawn again. */
export interface LinesPicture {
  readonly heads: readonly ShownHead[];
  readonly layout: TokenLayout;
  /** In CSS pixels. */
  readonly width: number;
}

/** Half the width of a line in CSS pixels, in rows of the largest height. */
const HALF_WIDTH = 0.9;

const ALL: TokenPair = { query: null, key: null };

/** The most lines that a printable picture has as paths; with more, they are an image. */
const MAX_PATHS = 5000;
/** A larger image would be coarser instead. */
const MAX_PIXELS = 2_000_000;

/**
 * Paints lines into a canvas. Keeps the picture of all lines, so that nothing is drawn when the pointer leaves a token.
 */
export class LinesCanvas {
  #drawn: LinesPicture | null = null;
  #all: ImageData | null = null;
  #seen: ImageData | null = null;
  #shown: { readonly picture: LinesPicture; readonly lines: TokenPair } | null = null;

  constructor(readonly canvas: HTMLCanvasElement) {
    setRedraw(canvas, (request) => this.#shown && redraw(this.#shown.picture, this.#shown.lines, request));
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

  /** Draws only the lines of one token or pair, and only in the visible stretch. */
  paintSome(picture: LinesPicture, lines: TokenPair, seen: VisibleStretch): void {
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

/** Draws into an image whose first row is row `top` of the picture, in device pixels. */
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
  // The few lines of one token hardly overlap, so they may be stronger than those of all.
  const opacity = query === null && key === null ? 1 / heads.length : 1 / Math.sqrt(heads.length);
  return { opacity, halfWidth, query, key };
}

/** The picture for print: whole, and as paths unless it has too many lines. */
function redraw(shown: LinesPicture, lines: TokenPair, request: DrawingRequest): Drawing {
  const picture = { ...shown, width: request.width };
  const marks = request.marks
    ? linesMarks(picture.heads, geometryOf(picture, 1, 0), styleOf(picture, lines, 1), MAX_PATHS)
    : null;
  if (marks !== null) return { marks };
  const ratio = Math.min(request.ratio, Math.sqrt(MAX_PIXELS / Math.max(1, request.width * picture.layout.height)));
  const image = new ImageData(Math.ceil(request.width * ratio), Math.ceil(picture.layout.height * ratio));
  draw(image, picture, lines, 0);
  return { image: canvasOf(image), why: `The lines are an embedded image: more than ${MAX_PATHS} can be seen.` };
}
