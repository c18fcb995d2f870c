import type { HeadWeights } from "../core/head-weights";
import type { LineGeometry, LineStyle, Rgb } from "../core/lines";
import type { Picture } from "./picture";

/** A head to draw. */
export interface DrawnHead {
  readonly weights: HeadWeights;
  readonly color: Rgb;
}

/** Replaces the picture by the lines of some heads and returns how many lines were drawn one by one. */
export function drawLines(
  _picture: Picture,
  _heads: readonly DrawnHead[],
  _geometry: LineGeometry,
  _style: LineStyle,
): number {
  throw new Error("Lines can't be drawn yet.");
}
