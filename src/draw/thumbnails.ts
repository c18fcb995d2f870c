import type { HeadWeights } from "../core/head-weights";
import type { Rgb } from "../core/lines";
import type { Picture } from "./picture";

/** Draws a head as small lines, queries left and keys right, into the square of the picture at (x, y). */
export function drawThumbnail(
  _picture: Picture,
  _x: number,
  _y: number,
  _size: number,
  _weights: HeadWeights,
  _color: Rgb,
): void {
  throw new Error("Thumbnails can't be drawn yet.");
}
