import type { HeadWeights } from "../core/head-weights";
import { heatIndex, type Scale } from "../core/scale";
import type { Picture } from "./picture";

/** Missing cells are hatched: this grey, in stripes of two opacities. */
const MISSING_GREY = 128;
const STRIPE = 3;

/**
 * Draws a head as a heat map, rows are queries and columns are keys, into the rectangle of the picture at (x, y).
 *
 * Where a pixel stands for several cells it shows the largest; where a cell takes several pixels they are alike.
 * `table` has 256 x 3 channels. The weight `max` gets its last colour.
 */
export function drawHeat(
  picture: Picture,
  weights: HeadWeights,
  table: Uint8ClampedArray,
  x: number,
  y: number,
  width: number,
  height: number,
  scale: Scale,
  max = 1,
): void {
  const rows = cuts(weights.numQueries, height);
  const columns = cuts(weights.numKeys, width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const weight = largest(weights, rows, columns, row, column);
      const pixel = ((y + row) * picture.width + x + column) * 4;
      if (Number.isNaN(weight)) hatch(picture.data, pixel, row + column);
      else paint(picture.data, pixel, table, 3 * heatIndex(weight, scale, max));
    }
  }
}

/** The first cell of each of `pixels` pixels in a row, and one past the last. */
function cuts(cells: number, pixels: number): Int32Array {
  return Int32Array.from({ length: pixels + 1 }, (_, pixel) => Math.floor((pixel * cells) / pixels));
}

/** The largest weight under a pixel; NaN where all are missing. */
function largest(weights: HeadWeights, rows: Int32Array, columns: Int32Array, row: number, column: number): number {
  const { codes, table, numKeys } = weights;
  const firstKey = columns[column] as number;
  const lastKey = Math.max(firstKey, (columns[column + 1] as number) - 1);
  const firstQuery = rows[row] as number;
  const lastQuery = Math.max(firstQuery, (rows[row + 1] as number) - 1);
  let best = Number.NaN;
  for (let query = firstQuery; query <= lastQuery; query++) {
    for (let key = firstKey; key <= lastKey; key++) {
      const weight = table[codes[query * numKeys + key] as number] as number;
      // Written so that a number replaces NaN and NaN replaces nothing.
      if (!Number.isNaN(weight) && !(weight <= best)) best = weight;
    }
  }
  return best;
}

function paint(data: Uint8ClampedArray, pixel: number, table: Uint8ClampedArray, entry: number): void {
  data[pixel] = table[entry] as number;
  data[pixel + 1] = table[entry + 1] as number;
  data[pixel + 2] = table[entry + 2] as number;
  data[pixel + 3] = 255;
}

function hatch(data: Uint8ClampedArray, pixel: number, diagonal: number): void {
  data.fill(MISSING_GREY, pixel, pixel + 3);
  data[pixel + 3] = diagonal % (2 * STRIPE) < STRIPE ? 200 : 80;
}
