import { computed, signal as signalOf } from "@preact/signals-core";
import { isComposed } from "../../core/composed/composed-map";
import { averageHeads } from "../../core/reduce/average-heads";
import { hasMask, sightOf } from "../../core/reduce/sight";
import { type HeatSource, headsOfMaps, quantityOf, type ScreenArea } from "../heat/heat-source";
import { wholeTop } from "../heat/heat-top";
import { followPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import { type HeatMap, matrixReadout } from "./matrix-readout";

/** Heat maps of whole heads. */
export function wholeHeads(scene: Scene, { viewport }: ScreenArea, signal: AbortSignal): HeatSource {
  const { picture, painted } = followPicture(scene, signal);
  const maps = computed(() => heatMaps(scene, picture.heads.value));
  const sight = computed(() => {
    const heads = picture.heads.value.flatMap(({ whole }) => whole ?? []);
    return scene.shownMap.value?.sight(heads) ?? sightOf(heads);
  });
  return {
    ...picture,
    painted,
    part(map) {
      const weights = maps.value[map]?.weights;
      return weights ? { weights, viewport: viewport.value, sight: sight.value } : null;
    },
    quantity: computed(() => quantityOf(scene)),
    top: computed(() =>
      wholeTop(
        scene,
        maps.value.map(({ weights }) => weights),
        picture.heads.value,
      ),
    ),
    // The shown map has already removed weights under the threshold.
    least: signalOf(0),
    hasMask: computed(() => picture.heads.value.length > 0 && hasMask(sight.value)),
    level: signalOf(0),
    note: signalOf(""),
    readout: (map) => matrixReadout(picture, maps.value, map, scene, scene.context.options.combine.value),
  };
}

/** The maps side by side. Their number is known before their weights. */
function heatMaps(scene: Scene, shown: readonly ShownHead[]): readonly HeatMap[] {
  const { value: combine } = scene.context.options.combine;
  return headsOfMaps(scene).map((head) => {
    if (head !== null) return { head, weights: shown.find((one) => one.head === head)?.weights ?? null };
    const all = shown.map(({ weights }) => weights);
    return {
      head,
      weights:
        combine === "each" || all.length === 0 ? null : averageHeads(all, combine, isComposed(scene.wholeMap.value)),
    };
  });
}
