/** Pixels in rows from the top, four bytes each: red, green, blue and alpha, not premultiplied. An ImageData fits. */
export interface PixelBuffer {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** A rectangle of whole pixels. */
export interface PixelArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Makes an area transparent. */
export function clearArea({ data, width }: PixelBuffer, area: PixelArea): void {
  for (let row = area.y; row < area.y + area.height; row++) {
    const start = (row * width + area.x) * 4;
    data.fill(0, start, start + area.width * 4);
  }
}
