import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { PoolKind } from "../../contract.gen";
import { middleOf, type Viewport, type ViewportPoint } from "../../core/look/viewport";
import { binsIn, levelFor, nearestFirst, tilesOver } from "../../core/tiles/tile-plan";
import { type TilePlace, topLevel } from "../../core/tiles/tiles";
import type { HeadWeights } from "../../core/weights/head-weights";
import { poolOf, type ScreenArea } from "../heat/heat-source";
import type { MatrixScene } from "../heat/matrix-scene";
import type { TileName } from "./recent-tiles";

/** The layer, and the pooling, from which tiles are drawn. */
export interface PooledLayer {
  readonly map: string;
  readonly layer: number;
  readonly pool: PoolKind;
}

export interface TileRequestPlan {
  /** The level whose bins are about a pixel on screen. */
  readonly level: ReadonlySignal<number>;
  /** The level at which one tile covers a head. */
  readonly top: ReadonlySignal<number>;
  readonly pooledLayer: ReadonlySignal<PooledLayer>;
  /** The tiles that the picture needs, most urgent first; empty for maps that are drawn from whole heads. */
  readonly tiles: ReadonlySignal<readonly TileName[]>;
}

/** Plans the tiles for heat maps of a long map: first the coarse whole, then the visible part. */
export function planTileRequests(scene: MatrixScene, { viewport, pixels }: ScreenArea): TileRequestPlan {
  const top = computed(() => {
    const { description } = scene;
    return topLevel(description.value?.query_tokens.length ?? 0, description.value?.key_tokens.length ?? 0);
  });
  const level = computed(() => (scene.isLong.value ? levelFor(viewport.value, pixels.value, top.value) : 0));
  const pooledLayer = computed(() => ({
    map: scene.description.value?.name ?? "",
    layer: scene.layer.value,
    pool: poolOf(scene),
  }));
  const tiles = computed(() => {
    if (!scene.isLong.value) return [];
    const of = (pool: PoolKind, places: readonly TilePlace[]) =>
      places.flatMap((place) => scene.heads.value.map((head) => ({ ...pooledLayer.value, ...place, pool, head })));
    const { pool } = pooledLayer.value;
    const whole = [{ level: top.value, row: 0, column: 0 }];
    const seen = level.value < top.value ? tilesOver(binsIn(viewport.value, level.value)) : [];
    return [
      ...of(pool, whole),
      // The legend needs the largest weights, whatever the bins show.
      ...(pool === "max" ? [] : of("max", whole)),
      ...of(pool, nearestFirst(seen, eyeOf(scene, viewport.value))),
    ];
  });
  return { level, top, pooledLayer, tiles };
}

/** Where the reader looks: the cell under the pointer, otherwise the middle. */
function eyeOf({ tokens }: MatrixScene, view: Viewport): ViewportPoint {
  const { query, key } = tokens.hover.peek();
  const middle = middleOf(view);
  return { query: query ?? middle.query, key: key ?? middle.key };
}

/**
 * The layer to draw: the requested one as soon as a coarse tile covers each of its heads, until then the previous one.
 */
export function drawnLayer(
  scene: MatrixScene,
  { pooledLayer, top }: TileRequestPlan,
  find: (tile: TileName) => HeadWeights | undefined,
): ReadonlySignal<PooledLayer> {
  let drawn: PooledLayer | null = null;
  return computed(() => {
    const next = pooledLayer.value;
    const isSame = drawn?.layer === next.layer && drawn.pool === next.pool;
    const whole = { level: top.value, row: 0, column: 0 };
    const isOther = drawn?.map !== next.map;
    if (isSame || isOther || scene.heads.value.every((head) => find({ ...next, ...whole, head }))) drawn = next;
    return drawn ?? next;
  });
}
