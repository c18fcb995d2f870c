import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { PoolKind } from "../../contract.gen";
import { largestWeight } from "../../core/reduce/average-heads";
import type { FindTile } from "../../core/tiles/mosaic";
import { headsOfMaps } from "../heat/heat-source";
import type { MatrixScene } from "../heat/matrix-scene";
import type { PooledLayer, TileRequestPlan } from "./tile-request-plan";

/**
 * The weight of the last colour. It is taken from the tiles that cover whole heads, so that it stays the same in every
 * viewport. Means grow as bins shrink, up to the largest weight at single tokens. So each level's value lies between
 * that of the coarsest means and the largest weight, in equal ratios from level to level.
 */
export function tileColorTop(
  scene: MatrixScene,
  { level, top }: TileRequestPlan,
  pooledLayer: ReadonlySignal<PooledLayer>,
  findIn: (pooledLayer: PooledLayer, head: number | null) => FindTile,
): ReadonlySignal<number> {
  const largest = (pool: PoolKind) =>
    Math.max(
      ...headsOfMaps(scene).map((head) => {
        const tile = findIn({ ...pooledLayer.value, pool }, head)({ level: top.value, row: 0, column: 0 });
        return tile ? largestWeight(tile, [0, tile.numQueries], [0, tile.numKeys]) : 0;
      }),
    );
  const most = computed(() => largest("max"));
  const mean = computed(() => (pooledLayer.value.pool === "mean" ? largest("mean") : 0));
  return computed(() => {
    if (mean.value === 0 || most.value === 0) return most.value || mean.value || 1;
    return mean.value * (most.value / mean.value) ** (1 - level.value / top.value);
  });
}
