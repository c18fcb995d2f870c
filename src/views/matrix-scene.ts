import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { Cell } from "../core/cell";
import { isLong } from "../core/long";
import { pairRanges } from "../core/pair";
import type { Scene } from "./scene";

/** A scene as heat maps show it. */
export interface MatrixScene extends Scene {
  /** Whether heads are too large to be had whole: then maps are drawn from tiles. */
  readonly isLong: ReadonlySignal<boolean>;
}

/** The scene with every token of a long map: what puts tokens together or leaves them out can't act on tiles. */
export function matrixScene(scene: Scene): MatrixScene {
  const { selection } = scene.context;
  const long = computed(() => scene.whole.value !== undefined && isLong(scene.whole.value));
  const info = computed(() => (long.value ? scene.whole.value : scene.info.value));
  return {
    ...scene,
    isLong: long,
    info,
    tokens: {
      query: either(long, selection.query, scene.tokens.query),
      key: either(long, selection.key, scene.tokens.key),
      hover: either(long, selection.hover, scene.tokens.hover),
    },
    ranges: computed(() =>
      long.value && info.value ? pairRanges(info.value, selection.pair.value) : scene.ranges.value,
    ),
    request: computed(() => (long.value ? null : scene.request.value)),
  };
}

/** What reads and writes one of two cells. */
function either<T>(isFirst: ReadonlySignal<boolean>, first: Cell<T>, second: Cell<T>): Cell<T> {
  return {
    get value() {
      return isFirst.value ? first.value : second.value;
    },
    set value(next) {
      if (isFirst.peek()) first.value = next;
      else second.value = next;
    },
    peek: () => (isFirst.peek() ? first.peek() : second.peek()),
  };
}
