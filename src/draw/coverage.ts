import type { CurvePoint } from "./curve";
import type { Edges } from "./edges";

/**
 * The opacities along one column of pixels, kept as differences: the running sum up to a pixel is its opacity.
 * However tall a line is in the column, it changes four entries. Two entries follow the last pixel's.
 */
export type Coverage = Float32Array;

/**
 * Adds a sample of lines that are `halfWidth` to each side of their middle; it stands for `share` of a pixel's width.
 */
export function addEdges(coverage: Coverage, edges: Edges, point: CurvePoint, halfWidth: number, share: number): void {
  const { start, fall, opacity } = edges;
  const bottom = coverage.length - 2;
  const square = point.slope * point.slope;
  for (let index = 0; index < start.length; index++) {
    const drop = fall[index] as number;
    const y = (start[index] as number) + point.fraction * drop;
    // A line's width is measured across it; down the column it is wider by the secant of its angle.
    const half = halfWidth * Math.sqrt(1 + square * drop * drop);
    const amount = (opacity[index] as number) * share;
    addStep(coverage, bottom, y - half, amount);
    addStep(coverage, bottom, y + half, -amount);
  }
}

/**
 * Adds `amount` from y on: to the whole of all later pixels, and to the part of y's own that lies below it.
 * A stretch is a step up where it begins and a step down where it ends.
 */
export function addStep(coverage: Coverage, bottom: number, y: number, amount: number): void {
  const inside = Math.max(0, Math.min(bottom, y));
  const pixel = inside | 0;
  const below = amount * (inside - pixel);
  coverage[pixel] = (coverage[pixel] as number) + amount - below;
  coverage[pixel + 1] = (coverage[pixel + 1] as number) + below;
}
