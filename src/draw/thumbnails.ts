import type { Rgb } from "../core/look/line-geometry";
import { clearArea, type PixelArea, type PixelBuffer } from "../core/look/pixel-buffer";
import type { HeadWeights } from "../core/weights/head-weights";
import { drawHeat } from "./heat";
import type { Effort } from "./lines/line-budget";
import { drawStrokes } from "./lines/strokes";

/** Keeps a grid of 144 heads under a tenth of a second, whatever their attention. */
const EFFORT: Effort = { all: 1 << 14, most: 1 << 15, haze: 1 << 9 };

const HALF_WIDTH = 0.5;

/**
 * The largest fraction of a thumbnail that is inked. Its rows are closer together than pixels, so opaque lines would
 * fill it.
 */
const INK = 0.35;

/**
 * Draws a head as small straight lines, from queries on the left edge to keys on the right edge, into the square of the picture
 * at (x, y). `weights` is the head's overview, with strengths in place of weights. `gain`: see the option of this name. A head
 * without any weight is hatched, as in heat maps.
 */
export function drawThumbnail(
  picture: PixelBuffer,
  x: number,
  y: number,
  size: number,
  weights: HeadWeights,
  color: Rgb,
  gain: number | null = null,
): void {
  const area: PixelArea = { x, y, width: size, height: size };
  clearArea(picture, area);
  if (isMissing(weights)) {
    const whole = { queries: [0, weights.numQueries], keys: [0, weights.numKeys] } as const;
    drawHeat(picture, area, weights, whole, new Uint32Array(weights.table.length));
    return;
  }
  const geometry = {
    queryY: middles(weights.numQueries, size),
    keyY: middles(weights.numKeys, size),
    left: 0,
    right: size,
    isStraight: true,
  };
  const { total, largest } = sumsOf(weights);
  // The strongest line is opaque at most, but for a gain that the reader chose.
  const fitting = (INK * size) / (2 * HALF_WIDTH * total);
  const opacity = gain === null ? Math.min(1 / largest, fitting) : gain * Math.min(1, fitting);
  const style = { opacity, halfWidth: HALF_WIDTH, query: null, key: null };
  drawStrokes(picture, area, [{ weights, color }], geometry, style, EFFORT);
}

/** Whether a head has no weight at all. */
function isMissing({ codes, table }: HeadWeights): boolean {
  return codes.every((code) => Number.isNaN(table[code]));
}

/**
 * The sum and the largest of a head's weights. The sum is the number of queries, or more if an overview keeps the
 * largest weight of each bin.
 */
function sumsOf({ codes, table }: HeadWeights): { readonly total: number; readonly largest: number } {
  let [total, largest] = [0, 0];
  for (const code of codes) {
    const weight = table[code] as number;
    if (weight > 0) total += weight;
    if (weight > largest) largest = weight;
  }
  return { total, largest };
}

function middles(count: number, size: number): Float32Array {
  return Float32Array.from({ length: count }, (_, position) => ((position + 0.5) * size) / count);
}
