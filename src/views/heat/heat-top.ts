import type { Span } from "../../core/look/viewport";
import { largestWeight } from "../../core/reduce/average-heads";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import { heatScale, type ScaleEnd, sinksOnScreen } from "../scene/weight-scale";

/** The weight of the last colour of heat maps of whole heads; 1 if no weight exceeds 0. */
export function wholeTop(scene: Scene, maps: readonly (HeadWeights | null)[], heads: readonly ShownHead[]): ScaleEnd {
  const { queries, keys } = scene.ranges.value;
  const sinks = heatScale(scene).isBesideSinks ? sinksOnScreen(scene, heads) : [];
  return topBeside(maps, queries, keys, sinks);
}

/** The largest weight of all maps beside some keys; of all keys if the others have none. */
export function topBeside(
  maps: readonly (HeadWeights | null)[],
  queries: Span,
  keys: Span,
  sinks: readonly number[],
): ScaleEnd {
  const largest = (without: readonly number[]) =>
    Math.max(0, ...maps.map((one) => (one ? largestWeight(one, queries, keys, without) : 0)));
  const all = largest([]);
  const others = sinks.length > 0 ? largest(sinks) : all;
  return others > 0 ? { weight: others, isExceeded: others < all } : { weight: all || 1, isExceeded: false };
}
