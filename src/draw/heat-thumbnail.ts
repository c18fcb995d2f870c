import { heatIndex, type Scale } from "../core/look/colors";
import { clearArea, type PixelArea, type PixelBuffer } from "../core/look/pixel-buffer";
import type { Sight } from "../core/reduce/sight";
import { largestBeside } from "../core/reduce/sinks";
import type { HeadWeights } from "../core/weights/head-weights";
import { drawHeat } from "./heat";

/** What the thumbnails of a layer have in common. */
export interface ThumbnailHeat {
  /** See `heatTable`. */
  readonly colors: Uint8ClampedArray;
  readonly sight: Sight;
  readonly scale: Scale;
  /** Keys that would make all other weights pale, so they do not set the scale. */
  readonly sinks: readonly number[];
}

/** Masked cells of a thumbnail have one faint grey: stripes would hide its pattern. */
const MASKED: readonly [number, number] = [0x1c808080, 0x1c808080];

/** The weight of the last colour of a head's thumbnail. */
export function thumbnailTop(weights: HeadWeights, { sinks }: Pick<ThumbnailHeat, "sinks">): number {
  return largestBeside(weights, sinks) || 1;
}

/**
 * Draws a head into a square of the picture, with queries down and keys across, on a scale up to its own largest weight beside
 * sinks. `scratch` is as long as the table of weights; its content does not matter.
 */
export function drawHeatThumbnail(
  picture: PixelBuffer,
  area: PixelArea,
  weights: HeadWeights,
  heat: ThumbnailHeat,
  scratch: Uint32Array,
): void {
  clearArea(picture, area);
  const { codes, table, numQueries, numKeys } = weights;
  const top = thumbnailTop(weights, heat);
  // A table has many more entries than a thumbnail has weights.
  for (const code of codes) scratch[code] = inkOf(heat, table[code] as number, top);
  const whole = { queries: [0, numQueries], keys: [0, numKeys] } as const;
  drawHeat(picture, area, weights, whole, scratch, heat.sight, MASKED);
}

function inkOf({ colors, scale }: ThumbnailHeat, weight: number, top: number): number {
  const entry = weight > 0 ? 3 * heatIndex(weight, scale, top) : 0;
  const [red, green, blue] = [colors[entry] as number, colors[entry + 1] as number, colors[entry + 2] as number];
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}
