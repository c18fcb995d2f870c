import { computed, type ReadonlySignal } from "@preact/signals-core";
import { isLong } from "../core/long";
import type { Scene } from "./scene";

/** A scene as heat maps show it: with every token of a long map. */
export interface MatrixScene extends Scene {
  /** Whether heads are too large to be had whole: then maps are drawn from tiles. */
  readonly isLong: ReadonlySignal<boolean>;
}

export function matrixScene(scene: Scene): MatrixScene {
  return { ...scene, isLong: computed(() => scene.whole.value !== undefined && isLong(scene.whole.value)) };
}
