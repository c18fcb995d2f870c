import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { HeadWeights } from "../core/head-weights";
import type { MatrixScene } from "./matrix-scene";
import type { TileName } from "./tile-shelf";
import type { Ground, TileWish } from "./tile-wish";

/**
 * What is drawn: what is wished for once each head's whole is there, if only coarsely; what was drawn before until then.
 */
export function drawnGround(
  scene: MatrixScene,
  { ground, top }: TileWish,
  find: (tile: TileName) => HeadWeights | undefined,
): ReadonlySignal<Ground> {
  let drawn: Ground | null = null;
  return computed(() => {
    const next = ground.value;
    const isSame = drawn?.layer === next.layer && drawn.pool === next.pool;
    const whole = { level: top.value, row: 0, column: 0 };
    const isOther = drawn?.map !== next.map;
    if (isSame || isOther || scene.heads.value.every((head) => find({ ...next, ...whole, head }))) drawn = next;
    return drawn ?? next;
  });
}
