import type { HeadWeights } from "../core/head-weights";
import type { Rgb } from "../core/lines";
import { type Area, clearArea, type Picture } from "./picture";
import { drawStrokes } from "./strokes";
import type { Effort } from "./threshold";

/** Keeps a grid of 144 heads under a tenth of a second, whatever their attention is like. */
const EFFORT: Effort = { all: 1 << 14, most: 1 << 15, haze: 1 << 9 };

const HALF_WIDTH = 0.5;

/** At most this part of a thumbnail is inked: rows lie closer than pixels, and opaque lines would fill it. */
const INK = 0.35;

/**
 * Draws a head as small lines, queries on the left edge and keys on the right one, into the square of the picture at
 * (x, y). `weights` is the head's overview.
 */
export function drawThumbnail(
  picture: Picture,
  x: number,
  y: number,
  size: number,
  weights: HeadWeights,
  color: Rgb,
): void {
  const area: Area = { x, y, width: size, height: size };
  clearArea(picture, area);
  const geometry = {
    queryY: middles(weights.numQueries, size),
    keyY: middles(weights.numKeys, size),
    left: 0,
    right: size,
  };
  const opacity = Math.min(1, (INK * size) / (2 * HALF_WIDTH * totalWeight(weights)));
  const style = { opacity, halfWidth: HALF_WIDTH, query: null, key: null };
  drawStrokes(picture, area, [{ weights, color }], geometry, style, EFFORT);
}

/** The weights of a head, summed: as many as it has queries, or more where an overview pools the largest of each bin. */
function totalWeight({ codes, table }: HeadWeights): number {
  let total = 0;
  for (const code of codes) {
    const weight = table[code] as number;
    if (weight > 0) total += weight;
  }
  return total;
}

function middles(count: number, size: number): Float32Array {
  return Float32Array.from({ length: count }, (_, position) => ((position + 0.5) * size) / count);
}
