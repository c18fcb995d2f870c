import { combined, largestWeight } from "../core/combine";
import type { HeadWeights } from "../core/head-weights";
import type { Scene } from "./scene";
import type { ShownHead } from "./shown-heads";

/** What one heat map shows: a head, or all active heads as one. */
export interface HeatMap {
  /** Null for several heads as one. */
  readonly head: number | null;
  /** Null until they are there. */
  readonly weights: HeadWeights | null;
}

/** The maps that stand side by side. How many there are is known before their weights. */
export function heatMaps(scene: Scene, shown: readonly ShownHead[]): readonly HeatMap[] {
  const combine = scene.context.options.combine.value;
  const heads = scene.heads.value;
  if (combine !== "each" && heads.length > 1) {
    const weights =
      shown.length > 0
        ? combined(
            shown.map((one) => one.weights),
            combine,
          )
        : null;
    return [{ head: null, weights }];
  }
  return heads.map((head) => ({ head, weights: shown.find((one) => one.head === head)?.weights ?? null }));
}

/** The largest weight of all maps, which gets the last colour; 1 where no weight is more than 0. */
export function topOf(maps: readonly HeatMap[], { queries, keys }: Scene["ranges"]["value"]): number {
  const tops = maps.map(({ weights }) => (weights ? largestWeight(weights, queries, keys) : 0));
  return Math.max(...tops) || 1;
}

/** What the numbers of the maps are. */
export function quantityOf(scene: Scene): string {
  const combine = scene.context.options.combine.value;
  const count = scene.heads.value.length;
  return combine === "each" || count === 1 ? "weight" : `${combine} of ${count} heads`;
}
