import { computed, type ReadonlySignal } from "@preact/signals-core";
import { isLong } from "../../core/weights/map-size";
import type { Scene } from "../scene/scene";

/** A scene for heat maps, which show every token even of a long map. */
export interface MatrixScene extends Scene {
  /** Whether heads are too large to fetch whole, so that maps are drawn from tiles. */
  readonly isLong: ReadonlySignal<boolean>;
}

export function matrixScene(scene: Scene): MatrixScene {
  return { ...scene, isLong: computed(() => scene.wholeMap.value !== undefined && isLong(scene.wholeMap.value)) };
}
