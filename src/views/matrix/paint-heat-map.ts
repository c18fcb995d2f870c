import type { Scale } from "../../core/look/colors";
import type { MatrixLayout } from "../../core/look/matrix-layout";
import type { HeadWeights } from "../../core/weights/head-weights";
import { resizeCanvas } from "../../dom/canvas";
import { drawHeat, heatPixels } from "../../draw/heat";
import type { HeatPart } from "../heat/heat-source";

/** Everything except the weights that determines a heat map. */
export interface HeatStyle {
  readonly colors: Uint8ClampedArray;
  readonly scale: Scale;
  /** The weight of the last colour. */
  readonly top: number;
  /** Smaller weights are not drawn. */
  readonly least: number;
}

/** The pixels of each code. Heads share a few tables of weights, so each table's colours are computed once. */
export type PixelColors = (weights: HeadWeights) => Uint32Array;

export function pixelColorsOf({ colors, scale, top, least }: HeatStyle): PixelColors {
  const done = new Map<Float32Array, Uint32Array>();
  return (weights) => {
    const found = done.get(weights.table) ?? heatPixels(weights, colors, scale, top, least);
    done.set(weights.table, found);
    return found;
  };
}

/** Paints the visible part of a head, or clears the canvas if there is none. `ratio`: pixels per CSS pixel. */
export function paintHeat(
  canvas: HTMLCanvasElement,
  part: HeatPart | null,
  { mapWidth, mapHeight }: MatrixLayout,
  inks: PixelColors,
  ratio: number,
): void {
  resizeCanvas(canvas, mapWidth * ratio, mapHeight * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  if (!part) return;
  const image = new ImageData(width, height);
  drawHeat(image, { x: 0, y: 0, width, height }, part.weights, part.viewport, inks(part.weights), part.sight);
  context.putImageData(image, 0, 0);
}
