import { computed, signal as signalOf } from "@preact/signals-core";
import { averageHeads, largestWeight } from "../../core/reduce/average-heads";
import { type HeatSource, headsOfMaps, quantityOf, type ScreenArea } from "../heat/heat-source";
import { followPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import { type HeatMap, matrixReadout } from "./matrix-readout";

/** Heat maps of whole heads. */
export function wholeHeads(scene: Scene, { viewport }: ScreenArea, signal: AbortSignal): HeatSource {
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
    // The shown map has already removed weights under the threshold.
    least: signalOf(0),
    level: signalOf(0),
    note: signalOf(""),
    readout: (map) => matrixReadout(picture, maps.value, map, scene.description.value),
  };
}

/** The maps side by side. Their number is known before their weights. */
function heatMaps(scene: Scene, shown: readonly ShownHead[]): readonly HeatMap[] {
  const { value: combine } = scene.context.options.combine;
  return headsOfMaps(scene).map((head) => {
    if (head !== null) return { head, weights: shown.find((one) => one.head === head)?.weights ?? null };
    const all = shown.map(({ weights }) => weights);
    return { head, weights: combine === "each" || all.length === 0 ? null : averageHeads(all, combine) };
  });
}

/** The largest weight of all maps, which gets the last colour; 1 if no weight exceeds 0. */
function topOf(maps: readonly HeatMap[], { queries, keys }: Scene["ranges"]["value"]): number {
  const tops = maps.map(({ weights }) => (weights ? largestWeight(weights, queries, keys) : 0));
  return Math.max(...tops) || 1;
}
