import { computed, signal as signalOf } from "@preact/signals-core";
import { combined, largestWeight } from "../core/combine";
import type { HeadWeights } from "../core/head-weights";
import { followPicture } from "./layer-picture";
import { readMatrix } from "./matrix-readout";
import { type Frame, type HeatSource, headsOfMaps, quantityOf } from "./matrix-source";
import type { Scene } from "./scene";
import type { ShownHead } from "./shown-heads";

/** What one heat map shows: a head, or all active heads as one. */
export interface HeatMap {
  /** Null for several heads as one. */
  readonly head: number | null;
  /** Null until they are there. */
  readonly weights: HeadWeights | null;
}

/** Heat maps of whole heads. */
export function wholeHeads(scene: Scene, { viewport }: Frame, signal: AbortSignal): HeatSource {
  const { picture, painted } = followPicture(scene, signal);
  const maps = computed(() => heatMaps(scene, picture.heads.value));
  return {
    ...picture,
    painted,
    part(map) {
      const weights = maps.value[map]?.weights;
      return weights ? { weights, viewport: viewport.value } : null;
    },
    quantity: computed(() => quantityOf(scene)),
    top: computed(() => topOf(maps.value, scene.ranges.value)),
    // What is too small has left the weights themselves.
    least: signalOf(0),
    level: signalOf(0),
    note: signalOf(""),
    readout: (map) => readMatrix(picture, maps.value, map, scene.info.value),
  };
}

/** The maps that stand side by side. How many there are is known before their weights. */
function heatMaps(scene: Scene, shown: readonly ShownHead[]): readonly HeatMap[] {
  const { value: combine } = scene.context.options.combine;
  return headsOfMaps(scene).map((head) => {
    if (head !== null) return { head, weights: shown.find((one) => one.head === head)?.weights ?? null };
    const all = shown.map(({ weights }) => weights);
    return { head, weights: combine === "each" || all.length === 0 ? null : combined(all, combine) };
  });
}

/** The largest weight of all maps, which gets the last colour; 1 where no weight is more than 0. */
function topOf(maps: readonly HeatMap[], { queries, keys }: Scene["ranges"]["value"]): number {
  const tops = maps.map(({ weights }) => (weights ? largestWeight(weights, queries, keys) : 0));
  return Math.max(...tops) || 1;
}
