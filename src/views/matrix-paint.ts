import type { HeadWeights } from "../core/head-weights";
import type { MatrixLayout } from "../core/matrix-layout";
import type { Scale } from "../core/scale";
import { pixelRatio, resizeCanvas } from "../dom/canvas";
import { setRedraw } from "../dom/drawing";
import { drawHeat, heatPixels } from "../draw/heat";
import type { HeatPart } from "./matrix-source";

/** Everything but the weights that heat maps are drawn by. */
export interface HeatStyle {
  readonly colors: Uint8ClampedArray;
  readonly scale: Scale;
  /** The weight of the last colour. */
  readonly top: number;
  /** Smaller weights are not drawn. */
  readonly least: number;
}

/** Heads share a few tables of weights: the colours of each are worked out once. */
export type Inks = (weights: HeadWeights) => Uint32Array;

export function inksOf({ colors, scale, top, least }: HeatStyle): Inks {
  const done = new Map<Float32Array, Uint32Array>();
  return (weights) => {
    const found = done.get(weights.table) ?? heatPixels(weights, colors, scale, top, least);
    done.set(weights.table, found);
    return found;
  };
}

/** Paints what is shown of a head, or clears the canvas while there is none. `ratio`: pixels per CSS pixel. */
export function paintHeat(
  canvas: HTMLCanvasElement,
  part: HeatPart | null,
  { mapWidth, mapHeight }: MatrixLayout,
  inks: Inks,
  ratio: number,
): void {
  const paint = (target: HTMLCanvasElement, finer: number) => {
    resizeCanvas(target, mapWidth * finer, mapHeight * finer);
    const context = target.getContext("2d");
    if (!context) return;
    const { width, height } = target;
    if (!part) return context.clearRect(0, 0, width, height);
    const image = new ImageData(width, height);
    drawHeat(image, { x: 0, y: 0, width, height }, part.weights, part.viewport, inks(part.weights));
    context.putImageData(image, 0, 0);
  };
  paint(canvas, ratio);
  setRedraw(canvas, (wish) => {
    if (!part) return null;
    const image = document.createElement("canvas");
    paint(image, Math.max(ratio, Math.min(wish.ratio, pixelRatio(mapWidth, mapHeight) * 2)));
    return { image, why: "Heat maps are embedded images." };
  });
}
