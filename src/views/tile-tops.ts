import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { PoolKind } from "../contract.gen";
import { largestWeight } from "../core/combine";
import type { FindTile } from "../core/mosaic-parts";
import type { MatrixScene } from "./matrix-scene";
import { headsOfMaps } from "./matrix-source";
import type { Ground, TileWish } from "./tile-wish";

/**
 * The weight of the last colour. It comes of the tiles that cover whole heads, so that it stays the same wherever one
 * looks. Means grow as bins get smaller, up to the largest weight at single tokens: for each level the end lies between
 * that of the coarsest means and that, in equal ratios from level to level.
 */
export function tileTop(
  scene: MatrixScene,
  { level, top }: TileWish,
  ground: ReadonlySignal<Ground>,
  findIn: (ground: Ground, head: number | null) => FindTile,
): ReadonlySignal<number> {
  const largest = (pool: PoolKind) =>
    Math.max(
      ...headsOfMaps(scene).map((head) => {
        const tile = findIn({ ...ground.value, pool }, head)({ level: top.value, row: 0, column: 0 });
        return tile ? largestWeight(tile, [0, tile.numQueries], [0, tile.numKeys]) : 0;
      }),
    );
  const most = computed(() => largest("max"));
  const mean = computed(() => (ground.value.pool === "mean" ? largest("mean") : 0));
  return computed(() => {
    if (mean.value === 0 || most.value === 0) return most.value || mean.value || 1;
    return mean.value * (most.value / mean.value) ** (1 - level.value / top.value);
  });
}
