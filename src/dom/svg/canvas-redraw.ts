/** The contents of a canvas for a printable picture: as SVG marks, or as an image where that is better. */
export type Drawing =
  | { readonly marks: string }
  /** The whole picture, including what is scrolled out of sight. `why` explains in a sentence why it is not marks. */
  | { readonly image: HTMLCanvasElement; readonly why: string };

export interface DrawingRequest {
  /** The size of the area in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Whether marks are preferred; if not, an image, as when the whole picture becomes one. */
  readonly marks: boolean;
  /** Pixels of an image per CSS pixel. */
  readonly ratio: number;
}

/** Draws the contents of a canvas again; null if it shows nothing. */
export type Redraw = (request: DrawingRequest) => Drawing | null;

/** The same in every copy of this module, because in Jupyter the views and the exporter each load their own. */
const REDRAW = Symbol.for("headscope.redraw");

type Redrawn = HTMLCanvasElement & { [REDRAW]?: Redraw };

/** Registers a function that draws the contents of a canvas other than by copying its pixels. */
export function setRedraw(canvas: HTMLCanvasElement, redraw: Redraw): void {
  (canvas as Redrawn)[REDRAW] = redraw;
}

export function redrawOf(canvas: HTMLCanvasElement): Redraw | undefined {
  return (canvas as Redrawn)[REDRAW];
}
