import { signedColor } from "../core/look/colors";
import type { PixelBuffer } from "../core/look/pixel-buffer";

/** The colours of signed values on one background: 511 entries of three channels, with zero in the middle. */
export type SignedTable = Uint8ClampedArray;

const STEPS = 255;
/** A value of this size has three quarters of the full colour. Source: BertViz's `tanh(|x| / 4)`. */
const SOFTNESS = 4;

export function signedTable(dark: boolean): SignedTable {
  const table = new Uint8ClampedArray((2 * STEPS + 1) * 3);
  for (let step = -STEPS; step <= STEPS; step++) table.set(signedColor(step / STEPS, dark), 3 * (step + STEPS));
  return table;
}

/** The strength of a value's colour, from -1 to 1. */
export function strengthOf(value: number): number {
  return Math.tanh(value / SOFTNESS);
}

/** The place of a strip, in pixels. */
export interface StripPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Draws a vector as a strip of cells, one per dimension, side by side over the whole width. */
export function drawStrip(
  picture: PixelBuffer,
  count: number,
  valueAt: (dimension: number) => number,
  table: SignedTable,
  { x, y, width, height }: StripPlace,
): void {
  const [top, bottom] = [Math.max(0, y), Math.min(picture.height, y + height)];
  for (let dimension = 0; dimension < count; dimension++) {
    const left = x + Math.round((dimension * width) / count);
    const right = Math.min(picture.width, x + Math.round(((dimension + 1) * width) / count));
    const entry = 3 * (STEPS + Math.round(STEPS * strengthOf(valueAt(dimension))));
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const pixel = 4 * (row * picture.width + column);
        picture.data[pixel] = table[entry] as number;
        picture.data[pixel + 1] = table[entry + 1] as number;
        picture.data[pixel + 2] = table[entry + 2] as number;
        picture.data[pixel + 3] = 255;
      }
    }
  }
}
