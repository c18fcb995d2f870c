import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { PoolKind } from "../../contract.gen";
import { sightOf } from "../../core/reduce/sight";
import { sinksOf } from "../../core/reduce/sinks";
import type { FindTile } from "../../core/tiles/mosaic";
import { headsOfMaps } from "../heat/heat-source";
import { topBeside } from "../heat/heat-top";
import type { MatrixScene } from "../heat/matrix-scene";
import { heatScale, type ScaleEnd } from "../scene/weight-scale";
import type { PooledLayer, TileRequestPlan } from "./tile-request-plan";

/**
 * The weight of the last colour. It is taken from the tiles that cover whole heads, so that it stays the same in every
 * viewport. Means grow as bins shrink, up to the largest weight at single tokens. So each level's value lies between
 * that of the coarsest means and the largest weight, in equal ratios from level to level. On a scale beside sinks, the
 * bins of sinks do not count: those whose largest weights have a mean above the reader's share.
 */
export function tileColorTop(
  scene: MatrixScene,
  { level, top }: TileRequestPlan,
  pooledLayer: ReadonlySignal<PooledLayer>,
  findIn: (pooledLayer: PooledLayer, head: number | null) => FindTile,
): ReadonlySignal<ScaleEnd> {
  const tileOf = (pool: PoolKind, head: number | null) =>
    findIn({ ...pooledLayer.value, pool }, head)({ level: top.value, row: 0, column: 0 });
  const sinks = computed(() => {
    if (!heatScale(scene).isBesideSinks) return [];
    const tiles = scene.heads.value.flatMap((head) => tileOf("max", head) ?? []);
    return sinksOf(tiles, sightOf(tiles), scene.context.options.aids.sinkShare.value);
  });
  const largest = (pool: PoolKind): ScaleEnd => {
    const tiles = headsOfMaps(scene).map((head) => tileOf(pool, head) ?? null);
    const [queries, keys] = [Math.max(0, ...tiles.map((one) => one?.numQueries ?? 0)), tiles[0]?.numKeys ?? 0];
    return tiles.some(Boolean) ? topBeside(tiles, [0, queries], [0, keys], sinks.value) : NONE;
  };
  const most = computed(() => largest("max"));
  const mean = computed(() => (pooledLayer.value.pool === "mean" ? largest("mean") : NONE));
  return computed(() => {
    const [large, low] = [most.value.weight, mean.value.weight];
    const isExceeded = most.value.isExceeded || mean.value.isExceeded;
    if (low === 0 || large === 0) return { weight: large || low || 1, isExceeded };
    return { weight: low * (large / low) ** (1 - level.value / top.value), isExceeded };
  });
}

/** Stands for tiles that are not there yet. */
const NONE: ScaleEnd = { weight: 0, isExceeded: false };
