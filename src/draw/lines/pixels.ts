import type { PixelArea, PixelBuffer } from "../../core/look/pixel-buffer";
import type { Coverage } from "./coverage";
import type { Ramp } from "./ramp";
import type { RowRange } from "./rows";

/** The lowest opacity that one byte can distinguish from none. */
const LOWEST = 0.5 / 255;

/** The pixels of an area, written column by column. */
export class Pixels {
  readonly #pixels: Uint32Array;
  readonly #width: number;
  readonly #first: number;

  constructor({ data, width }: PixelBuffer, { x, y }: PixelArea) {
    this.#pixels = new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
    this.#width = width;
    this.#first = y * width + x;
  }

  /**
   * Writes rows of a column, of which the lines cover the given part. Opacities add up until a pixel is opaque. Each of
   * `colors` is for 2 ** `shift` rows.
   */
  write(
    x: number,
    { top, bottom }: RowRange,
    coverage: Coverage,
    ramp: Ramp,
    colors: Uint32Array,
    shift: number,
    part: number,
  ): void {
    const pixels = this.#pixels;
    const width = this.#width;
    const full = 255 * part;
    let rise = 0;
    let opacity = 0;
    for (let row = top, pixel = this.#first + top * width + x; row < bottom; row++, pixel += width) {
      rise += ramp[row] as number;
      opacity += (coverage[row] as number) + rise;
      if (opacity < LOWEST) continue;
      const alpha = Math.min(opacity, 1) * full + 0.5;
      pixels[pixel] = (colors[row >> shift] as number) | (alpha << 24);
    }
  }
}
