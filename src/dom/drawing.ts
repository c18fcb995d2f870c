/** What a canvas shows, for a picture that others may print: as marks of SVG, or as an image where that is better. */
export type Drawing =
  | { readonly marks: string }
  /** The whole picture, also what is scrolled out of sight; `why` it is no marks, as a sentence. */
  | { readonly image: HTMLCanvasElement; readonly why: string };

export interface DrawingWish {
  /** The size of the area in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Marks are wanted; else an image, as when the whole picture becomes one. */
  readonly marks: boolean;
  /** Pixels of an image per CSS pixel. */
  readonly ratio: number;
}

/** Draws what the canvas shows; null where it shows nothing. */
export type Redraw = (wish: DrawingWish) => Drawing | null;

/** The same in every copy of this module: in Jupyter, what draws and what prints load their own. */
const REDRAW = Symbol.for("headscope.redraw");

type Redrawn = HTMLCanvasElement & { [REDRAW]?: Redraw };

/** Tells how else than by its pixels a canvas can be drawn. */
export function setRedraw(canvas: HTMLCanvasElement, redraw: Redraw): void {
  (canvas as Redrawn)[REDRAW] = redraw;
}

export function redrawOf(canvas: HTMLCanvasElement): Redraw | undefined {
  return (canvas as Redrawn)[REDRAW];
}
