import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { Thumbnails } from "../../contract.gen";
import { isComposed } from "../../core/composed/composed-map";
import { isCausal, scaledRegion } from "../../core/reduce/sight";
import { choiceControl } from "../../dom/choice";
import type { Overviews } from "../fetch/fetch-overviews";
import type { Scene } from "../scene/scene";
import { lineScale } from "../scene/weight-scale";
import type { ThumbnailLook } from "./thumbnail-canvas";

/** With more tokens than this, lines lie so close together that all heads look alike. */
const MOST_LINES = 64;

const NAMES: readonly { readonly value: Thumbnails; readonly label: string }[] = [
  { value: "auto", label: "thumbnails: auto" },
  { value: "heat", label: "thumbnails: heat maps" },
  { value: "lines", label: "thumbnails: lines" },
];

/** How the thumbnails of the shown map are drawn. */
export function thumbnailLook(scene: Scene, overviews: ReadonlySignal<Overviews>): ReadonlySignal<ThumbnailLook> {
  const { thumbnails, scale, gain } = scene.context.options;
  const kind = computed<ThumbnailLook["kind"]>(() => {
    if (thumbnails.value !== "auto") return thumbnails.value;
    const whole = scene.wholeMap.value;
    if (Math.max(whole?.query_tokens.length ?? 0, whole?.key_tokens.length ?? 0) > MOST_LINES) return "heat";
    const row = overviews.value.rows.find((one) => one !== undefined);
    // Lines don't show what nothing connects.
    return isComposed(whole) || (row && isCausal(row)) ? "heat" : "lines";
  });
  return computed(() => ({
    kind: kind.value,
    colors: scene.heat.value,
    sinkShare: scene.context.options.aids.sinkShare.value,
    // Read only where it matters, because a new look means that all thumbnails are drawn again.
    ...(kind.value === "lines"
      ? { scale: lineScale(scene).scale, gain: gain.value }
      : { scale: scale.value === "auto" ? ("sqrt" as const) : scale.value, gain: null }),
    numLayers: scene.description.value?.num_layers ?? 0,
    dark: scene.dark.value,
    regionsOf: regionsIn(scene),
  }));
}

/** Finds the rectangles of the picture of all in a row of thumbnails, which have a cell for each shown row, or bins. */
function regionsIn({ shownMap, wholeMap, regions }: Scene): ThumbnailLook["regionsOf"] {
  const [shown, count, positions] = [shownMap.value, wholeMap.value?.query_tokens.length ?? 1, regions.value];
  return ([first]) => {
    if (!first || !positions) return undefined;
    const isWhole = first.numQueries === shown?.queries.groups.length && first.numKeys === shown.keys.groups.length;
    if (isWhole) return shown.regions;
    return positions.map((region) => scaledRegion(region, first.numQueries / count, first.numKeys / count));
  };
}

/** Chooses how heads are drawn. */
export function thumbnailControl({ context }: Scene, signal: AbortSignal): HTMLElement {
  const { thumbnails } = context.options;
  const choose = (chosen: string) => {
    thumbnails.value = chosen as Thumbnails;
  };
  return choiceControl(
    "Thumbnails",
    computed(() => NAMES),
    thumbnails,
    choose,
    signal,
  );
}
