import type { ReadonlySignal } from "@preact/signals-core";
import type { HeadWeights } from "../core/head-weights";
import type { Viewport } from "../core/viewport";
import type { LayerPicture } from "./layer-picture";
import type { Readout } from "./readout";
import type { Scene } from "./scene";

/** What of the maps is on screen: all show the same part, on the same number of device pixels. */
export interface Frame {
  readonly viewport: ReadonlySignal<Viewport>;
  readonly pixels: ReadonlySignal<{ readonly width: number; readonly height: number }>;
}

/** Weights, and what of them is shown: positions are theirs. */
export interface HeatPart {
  readonly weights: HeadWeights;
  readonly viewport: Viewport;
}

/** Where heat maps take their pixels and numbers from: whole heads, or tiles of heads that are too large for that. */
export interface HeatSource extends Omit<LayerPicture, "focus"> {
  /** What the viewport shows of a map, by its place among `headsOfMaps`; null until there is anything. */
  part(map: number): HeatPart | null;
  /** Call it at the end of the effect that paints. */
  painted(): void;
  /** What the numbers are. */
  readonly quantity: ReadonlySignal<string>;
  /** The weight of the last colour. */
  readonly top: ReadonlySignal<number>;
  /** Smaller weights are not drawn. */
  readonly least: ReadonlySignal<number>;
  /** How coarse the picture is: each bin stands for 2 ** level tokens a side. */
  readonly level: ReadonlySignal<number>;
  /** What is to be known of the picture besides; empty for nothing. */
  readonly note: ReadonlySignal<string>;
  /** What the status line says of the cell that is pointed at, in the map under the pointer where there is one. */
  readout(map: number | null): Readout;
}

/** What the maps show, side by side: a head each, or all of them as one, which is null. */
export function headsOfMaps({ context, heads }: Scene): readonly (number | null)[] {
  return context.options.combine.value !== "each" && heads.value.length > 1 ? [null] : heads.value;
}

/** What the numbers of the maps are. */
export function quantityOf(scene: Scene): string {
  const combine = scene.context.options.combine.value;
  const count = scene.heads.value.length;
  return combine === "each" || count === 1 ? "weight" : `${combine} of ${count} heads`;
}
