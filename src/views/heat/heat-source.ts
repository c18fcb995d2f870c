import type { ReadonlySignal } from "@preact/signals-core";
import type { PoolKind } from "../../contract.gen";
import type { Viewport } from "../../core/look/viewport";
import type { Sight } from "../../core/reduce/sight";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import type { ScaleEnd } from "../scene/weight-scale";
import type { Readout } from "../tokens/readout";

/** The part of the maps that is on screen. All maps show the same part on the same number of device pixels. */
export interface ScreenArea {
  readonly viewport: ReadonlySignal<Viewport>;
  readonly pixels: ReadonlySignal<{ readonly width: number; readonly height: number }>;
}

/** Weights, and the part of them to show, in positions of these weights. */
export interface HeatPart {
  readonly weights: HeadWeights;
  readonly viewport: Viewport;
  /** The cells that no mask closes. */
  readonly sight: Sight;
}

/** The source of a heat map's pixels and numbers: whole heads, or tiles of heads that are too large. */
export interface HeatSource extends Omit<LayerPicture, "focus"> {
  /** The weights for the viewport of a map, which is given by its index in `headsOfMaps`; null until there are any. */
  part(map: number): HeatPart | null;
  /** Call this at the end of the effect that paints. */
  painted(): void;
  /** A name for the numbers. */
  readonly quantity: ReadonlySignal<string>;
  /** The weight of the last colour. */
  readonly top: ReadonlySignal<ScaleEnd>;
  /** Smaller weights are not drawn. */
  readonly least: ReadonlySignal<number>;
  /** Whether a mask closes any cell of the map. */
  readonly hasMask: ReadonlySignal<boolean>;
  /** The level of the picture: each bin stands for 2 ** level tokens per side. */
  readonly level: ReadonlySignal<number>;
  /** A further note on the picture; empty for none. */
  readonly note: ReadonlySignal<string>;
  /** What the status line says about the cell under the pointer. `map` is the map under the pointer, if any. */
  readout(map: number | null): Readout;
}

/** The maps side by side: one per head, or a single null for all heads combined. */
export function headsOfMaps({ context, heads }: Scene): readonly (number | null)[] {
  return context.options.combine.value !== "each" && heads.value.length > 1 ? [null] : heads.value;
}

/** A name for the numbers of the maps. */
export function quantityOf(scene: Scene): string {
  const combine = scene.context.options.combine.value;
  const count = scene.heads.value.length;
  return combine === "each" || count === 1 ? "weight" : `${combine} of ${count} heads`;
}

/**
 * Combined heads are pooled by mean, because the mean of their largest weights would exceed every weight of their mean.
 */
export function poolOf({ context, heads }: Scene): PoolKind {
  const { combine, pool } = context.options;
  return combine.value !== "each" && heads.value.length > 1 ? "mean" : pool.value;
}
