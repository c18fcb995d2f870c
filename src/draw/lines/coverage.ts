import type { CurvePoint } from "./curve";
import type { Edges } from "./edges";

/**
 * The opacities along one column of pixels, stored as differences: the opacity of a pixel is the running sum up to it.
 * So a line changes only four entries, however tall it is in the column. Two more entries follow that of the last
 * pixel.
 */
export type Coverage = Float64Array;

/**
 * Adds a sample of lines that extend `halfWidth` to each side of their middle. The sample stands for `share` of a
 * pixel's width.
 */
export function addEdges(coverage: Coverage, edges: Edges, point: CurvePoint, halfWidth: number, share: number): void {
  const { start, fall, opacity } = edges;
  const { fraction, slope } = point;
  for (let index = 0; index < start.length; index++) {
    const drop = fall[index] as number;
    const y = (start[index] as number) + fraction * drop;
    const steepness = slope * drop;
    // A line's width is measured across it; along the column it is larger by the secant of the line's angle.
    const half = halfWidth * Math.sqrt(1 + steepness * steepness);
    addStretch(coverage, y - half, y + half, (opacity[index] as number) * share);
  }
}

/** Adds `amount` to the pixels from `top` to `end`, clipped to the column. */
export function addStretch(coverage: Coverage, top: number, end: number, amount: number): void {
  const bottom = coverage.length - 2;
  const from = Math.max(top, 0);
  const to = Math.min(end, bottom);
  if (from < to) addInside(coverage, from, to, amount);
}

/**
 * Does the same for a stretch that lies within the column. Pixels in which it begins or ends get a part of the amount.
 */
export function addInside(coverage: Coverage, top: number, end: number, amount: number): void {
  const first = top | 0;
  const last = end | 0;
  const above = amount * (top - first);
  const below = amount * (end - last);
  coverage[first] = (coverage[first] as number) + amount - above;
  coverage[first + 1] = (coverage[first + 1] as number) + above;
  coverage[last] = (coverage[last] as number) - amount + below;
  coverage[last + 1] = (coverage[last + 1] as number) - below;
}
