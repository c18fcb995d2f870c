import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { PoolKind } from "../contract.gen";
import { binsIn, levelFor, nearestFirst, tilesOver } from "../core/tile-plan";
import { type TilePlace, topLevel } from "../core/tiles";
import { middleOf, type Place, type Viewport } from "../core/viewport";
import type { MatrixScene } from "./matrix-scene";
import type { Frame } from "./matrix-source";
import type { Scene } from "./scene";
import type { TileName } from "./tile-shelf";

/** What tiles are to be drawn of. */
export interface Ground {
  readonly map: string;
  readonly layer: number;
  readonly pool: PoolKind;
}

export interface TileWish {
  /** The level whose bins are about a pixel on screen. */
  readonly level: ReadonlySignal<number>;
  /** That at which one tile covers a head. */
  readonly top: ReadonlySignal<number>;
  readonly ground: ReadonlySignal<Ground>;
  /** The tiles that the picture needs, most wanted first; none for maps that are drawn of whole heads. */
  readonly tiles: ReadonlySignal<readonly TileName[]>;
}

/** What heat maps of a long map want to be drawn from: the whole of it coarsely first, then what is in sight. */
export function tileWish(scene: MatrixScene, { viewport, pixels }: Frame): TileWish {
  const top = computed(() => {
    const { info } = scene;
    return topLevel(info.value?.query_tokens.length ?? 0, info.value?.key_tokens.length ?? 0);
  });
  const level = computed(() => (scene.isLong.value ? levelFor(viewport.value, pixels.value, top.value) : 0));
  const ground = computed(() => ({
    map: scene.info.value?.name ?? "",
    layer: scene.layer.value,
    pool: poolOf(scene),
  }));
  const tiles = computed(() => {
    if (!scene.isLong.value) return [];
    const of = (pool: PoolKind, places: readonly TilePlace[]) =>
      places.flatMap((place) => scene.heads.value.map((head) => ({ ...ground.value, ...place, pool, head })));
    const { pool } = ground.value;
    const whole = [{ level: top.value, row: 0, column: 0 }];
    const seen = level.value < top.value ? tilesOver(binsIn(viewport.value, level.value)) : [];
    return [
      ...of(pool, whole),
      // The legend needs the largest weights, whatever the bins show.
      ...(pool === "max" ? [] : of("max", whole)),
      ...of(pool, nearestFirst(seen, eyeOf(scene, viewport.value))),
    ];
  });
  return { level, top, ground, tiles };
}

/** The mean of several heads is known of means alone: that of their largest weights is larger than any. */
export function poolOf({ context, heads }: Scene): PoolKind {
  const { combine, pool } = context.options;
  return combine.value !== "each" && heads.value.length > 1 ? "mean" : pool.value;
}

/** Where the reader looks: at the cell that is pointed at, else at the middle. */
function eyeOf({ tokens }: MatrixScene, view: Viewport): Place {
  const { query, key } = tokens.hover.peek();
  const middle = middleOf(view);
  return { query: query ?? middle.query, key: key ?? middle.key };
}
