/** The most device pixels worth drawing; a larger picture is drawn coarser and scaled up. */
const MAX_PIXELS = 3_000_000;
/** Browsers refuse canvases whose side is longer. */
const MAX_SIDE = 16_384;

/** Device pixels per CSS pixel for a canvas of this size in CSS pixels: at most 2, less for a large canvas. */
export function pixelRatio(width: number, height: number): number {
  const density = Math.min(2, globalThis.devicePixelRatio || 1);
  const area = Math.sqrt(MAX_PIXELS / Math.max(1, width * height));
  return Math.min(density, area, MAX_SIDE / Math.max(1, width, height));
}

/** Sets the size of a canvas in pixels, but only if it changes, because setting it clears the canvas. */
export function resizeCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  const [columns, rows] = [Math.max(1, Math.round(width)), Math.max(1, Math.round(height))];
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
}

/** A new canvas that shows an image. */
export function canvasOf(image: ImageData): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  resizeCanvas(canvas, image.width, image.height);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
