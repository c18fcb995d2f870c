import { addStretch, type Coverage } from "./coverage";
import type { CurvePoint } from "./curve";

/**
 * Bundles of faint lines, each spread evenly over a stretch at both of its ends: a table with `BAND` columns.
 *
 * These are the y of the middle of the stretch where a bundle starts, and how far down from there the other one's is;
 * half the height of the first stretch, and how much larger half the other's is; and the lines' opacities, summed.
 */
export type Bands = Float64Array;

/** The number of columns of bands. */
export const BAND = 5;

/** How large the pixels are that bundles are drawn in. */
export interface Grain {
  readonly columns: number;
  readonly rows: number;
}

/** Adds bundles as they are around the point of the curve, over as many columns and rows as the grain has. */
export function addBands(coverage: Coverage, bands: Bands, point: CurvePoint, halfWidth: number, grain: Grain): void {
  const { fraction, slope } = point;
  const blur = grain.columns / 3;
  const scale = 1 / grain.rows;
  for (let at = 0; at < bands.length; at += BAND) {
    const drop = bands[at + 1] as number;
    const y = (bands[at] as number) + fraction * drop;
    const steepness = slope * drop;
    const half = halfWidth * Math.sqrt(1 + steepness * steepness);
    const spread = (bands[at + 2] as number) + fraction * (bands[at + 3] as number);
    // Neighbouring bundles touch and do not overlap, or there would be stripes.
    const line = half + blur * Math.abs(steepness);
    const reach = Math.max(spread, line);
    // Where the lines spread, each pixel gets less of them.
    const amount = ((bands[at + 4] as number) * half) / reach;
    addStretch(coverage, scale * (y - reach), scale * (y + reach), amount);
  }
}
