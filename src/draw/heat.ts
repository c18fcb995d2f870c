import type { HeadWeights } from "../core/head-weights";
import type { Scale } from "../core/scale";
import type { Area, Picture } from "./picture";

/** Draws a head as a heat map (rows are queries, columns keys) into an area of the picture. */
export function drawHeat(
  _picture: Picture,
  _weights: HeadWeights,
  _table: Uint8ClampedArray,
  _x: number,
  _y: number,
  _width: number,
  _height: number,
  _scale: Scale,
): void {
  throw new Error("Heat maps can't be drawn yet.");
}
export type { Area };
