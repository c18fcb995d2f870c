import { heatIndex, type Scale } from "../core/look/colors";
import type { PixelArea, PixelBuffer } from "../core/look/pixel-buffer";
import type { Span, Viewport } from "../core/look/viewport";
import type { Sight } from "../core/reduce/sight";
import type { HeadWeights } from "../core/weights/head-weights";

/** Missing cells are hatched in a strong grey, masked ones in a faint one, with stripes of two opacities. */
const MISSING: readonly [number, number] = [0xc8808080, 0x50808080];
const MASKED: readonly [number, number] = [0x2c808080, 0x1e808080];
const STRIPE = 3;

/** From this many pixels on, a cell leaves its last row and column blank, so that single cells can be told apart. */
const PARTED = 12;

/**
 * The pixel for each code of `weights`. Weights of zero and below `least` have the first colour, the ground of all cells
 * that no mask closes. `colors` has 256 x 3 channels; a weight of `max` gets the last colour.
 */
export function heatPixels(
  { table }: HeadWeights,
  colors: Uint8ClampedArray,
  scale: Scale,
  max: number,
  least = 0,
): Uint32Array<ArrayBuffer> {
  const pixels = new Uint32Array(table.length);
  for (let code = 0; code < table.length; code++) {
    const weight = table[code] as number;
    if (Number.isNaN(weight)) continue;
    const entry = weight > 0 && weight >= least ? 3 * heatIndex(weight, scale, max) : 0;
    const [red, green, blue] = [colors[entry] as number, colors[entry + 1] as number, colors[entry + 2] as number];
    pixels[code] = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return pixels;
}

/**
 * Draws the visible part of a head into an area of the picture, with queries down and keys across.
 * A pixel that covers several cells shows the largest, or is hatched if all are missing or masked. Positions are those
 * of `weights`: for a tile of a larger map, shift the viewport by the start of the tile. `pixels` is `heatPixels` of the
 * same weights. Without `sight` no cell is masked.
 */
export function drawHeat(
  picture: PixelBuffer,
  area: PixelArea,
  weights: HeadWeights,
  viewport: Viewport,
  pixels: Uint32Array,
  sight: Sight | null = null,
  masked = MASKED,
): void {
  const { data, width } = picture;
  const target = new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
  const rows = pixelCells(viewport.queries, weights.numQueries, area.height);
  const columns = pixelCells(viewport.keys, weights.numKeys, area.width);
  // Stripes differ from row to row, so rows over the same cells are not equal.
  let isStriped = false;
  for (let y = 0; y < area.height; y++) {
    const start = (area.y + y) * width + area.x;
    if (rows.first[y] === rows.first[y - 1] && rows.last[y] === rows.last[y - 1] && !isStriped) {
      target.copyWithin(start, start - width, start - width + area.width);
      continue;
    }
    isStriped = drawRow(target, start, y, weights, rows, columns, pixels, sight, masked);
  }
}

/** The half-open range of cells under each pixel of a side; empty if `first` equals `last`. */
interface PixelCells {
  readonly first: Int32Array;
  readonly last: Int32Array;
}

function pixelCells([start, stop]: Span, count: number, pixels: number): PixelCells {
  const perPixel = (stop - start) / pixels;
  const isParted = perPixel * PARTED <= 1;
  const cellAt = (pixel: number) => Math.floor(start + pixel * perPixel + 1e-9);
  const first = new Int32Array(pixels);
  const last = new Int32Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const [here, next] = [cellAt(pixel), cellAt(pixel + 1)];
    first[pixel] = Math.max(0, Math.min(here, count));
    const isGap = isParted && next !== here;
    last[pixel] = isGap ? (first[pixel] as number) : Math.max(0, Math.min(Math.max(here + 1, next), count));
  }
  return { first, last };
}

/** Returns whether a pixel is hatched. */
function drawRow(
  target: Uint32Array,
  start: number,
  y: number,
  { codes, table, numKeys }: HeadWeights,
  rows: PixelCells,
  columns: PixelCells,
  pixels: Uint32Array,
  sight: Sight | null,
  masked: readonly [number, number],
): boolean {
  const [firstQuery, lastQuery] = [rows.first[y] as number, rows.last[y] as number];
  let hatched = false;
  for (let x = 0; x < columns.first.length; x++) {
    const [firstKey, lastKey] = [columns.first[x] as number, columns.last[x] as number];
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let query = firstQuery; query < lastQuery; query++) {
      for (let cell = query * numKeys + firstKey; cell < query * numKeys + lastKey; cell++) {
        const weight = table[codes[cell] as number] as number;
        // Comparing with NaN is false, so a number replaces a missing weight, and never the reverse.
        if (weight > most) {
          most = weight;
          best = codes[cell] as number;
        }
      }
    }
    const isGap = firstQuery === lastQuery || firstKey === lastKey;
    const isMissing = best < 0 && !isGap;
    const isMasked = sight !== null && best >= 0 && most <= 0 && !isSeen(sight, rows, y, firstKey, lastKey);
    if (isMissing || isMasked) hatched = true;
    if (isMissing || isMasked) target[start + x] = hatch(isMissing ? MISSING : masked, x + y);
    else target[start + x] = isGap ? 0 : (pixels[best] as number);
  }
  return hatched;
}

/** Whether any cell under a pixel is not masked. */
function isSeen({ first, stop, keys }: Sight, rows: PixelCells, y: number, firstKey: number, lastKey: number): boolean {
  for (let query = rows.first[y] as number; query < (rows.last[y] as number); query++) {
    const end = Math.min(lastKey, stop[query] as number);
    for (let key = Math.max(firstKey, first[query] as number); key < end; key++) if (keys[key]) return true;
  }
  return false;
}

function hatch(stripes: readonly [number, number], diagonal: number): number {
  return stripes[diagonal % (2 * STRIPE) < STRIPE ? 0 : 1] as number;
}
