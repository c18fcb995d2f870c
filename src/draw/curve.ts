import type { LineGeometry } from "../core/lines";

/**
 * A line at one x: it is at `queryY + fraction * (keyY - queryY)` and falls by `slope * (keyY - queryY)` a pixel.
 */
export interface CurvePoint {
  readonly fraction: number;
  readonly slope: number;
}

/**
 * The point of every line at `x`: a smoothstep, which is the cubic Bézier curve with horizontal ends whose control
 * points are at a third and two thirds of the way.
 */
export function curveAt(x: number, { left, right }: LineGeometry): CurvePoint {
  const u = (x - left) / (right - left);
  return { fraction: u * u * (3 - 2 * u), slope: (6 * u * (1 - u)) / (right - left) };
}
