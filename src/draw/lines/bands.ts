import { addStretch, type Coverage } from "./coverage";
import type { CurvePoint } from "./curve";

/**
 * Bundles of faint lines, each spread evenly over a stretch at both ends, as a table with `BAND_COLUMNS` columns.
 * The columns are: the y of the middle of the first stretch; the distance down to the middle of the second; half the
 * height of the first; how much larger half of the second is; and the sum of the lines' opacities.
 */
export type Bands = Float64Array;

/** The number of columns of bands. */
export const BAND_COLUMNS = 5;

/** The size of the pixels in which bundles are drawn. */
export interface Grain {
  readonly columns: number;
  readonly rows: number;
}

/** Adds bundles around a point of the curve, over the columns and rows of the grain. */
export function addBands(coverage: Coverage, bands: Bands, point: CurvePoint, halfWidth: number, grain: Grain): void {
  const { fraction, slope } = point;
  const blur = grain.columns / 3;
  const scale = 1 / grain.rows;
  for (let at = 0; at < bands.length; at += BAND_COLUMNS) {
    const drop = bands[at + 1] as number;
    const y = (bands[at] as number) + fraction * drop;
    const steepness = slope * drop;
    const half = halfWidth * Math.sqrt(1 + steepness * steepness);
    const spread = (bands[at + 2] as number) + fraction * (bands[at + 3] as number);
    // Neighbouring bundles must touch without overlapping, or stripes would appear.
    const line = half + blur * Math.abs(steepness);
    const reach = Math.max(spread, line);
    // Where the lines spread, each pixel gets less of them.
    const amount = ((bands[at + 4] as number) * half) / reach;
    addStretch(coverage, scale * (y - reach), scale * (y + reach), amount);
  }
}
