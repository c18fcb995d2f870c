import type { LineGeometry } from "../../core/look/line-geometry";

/**
 * A line at one x: its y is `queryY + fraction * (keyY - queryY)`, and it falls by `slope * (keyY - queryY)` per pixel.
 */
export interface CurvePoint {
  readonly fraction: number;
  readonly slope: number;
}

/**
 * The point of every line at `x`, on a straight line or a smoothstep. That is the cubic Bézier curve with horizontal ends and control
 * points at one and two thirds of the width.
 */
export function curveAt(x: number, { left, right, isStraight }: LineGeometry): CurvePoint {
  const u = (x - left) / (right - left);
  if (isStraight) return { fraction: u, slope: 1 / (right - left) };
  return { fraction: u * u * (3 - 2 * u), slope: (6 * u * (1 - u)) / (right - left) };
}
