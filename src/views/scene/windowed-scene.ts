import { batch, computed, type ReadonlySignal, untracked } from "@preact/signals-core";
import { rowFrom, rowWindowOf } from "../../core/reduce/row-window";
import { axesInWindow, axesOf, type MapAxes, shownMapOf } from "../../core/reduce/shown-map";
import { pairRanges } from "../../core/state/sentence-pair";
import { AXES, type Side } from "../../core/state/side";
import { isLong } from "../../core/weights/map-size";
import { effectUntil } from "../../dom/until";
import type { ShownExcerpt } from "../fetch/fetch-excerpts";
import { type MovableWindow, type RowExtent, type Scene, shownMapOptions, shownTokens, showsOneText } from "./scene";

/** The scene of a part that shows `size` rows of each side of a long map, and gathers the others by position. */
export function windowedScene(scene: Scene, size: ReadonlySignal<number>, signal: AbortSignal): Scene {
  const { selection, options } = scene.context;
  const axes = computed<MapAxes | null>(() => {
    const whole = scene.wholeMap.value;
    if (!whole || !isLong(whole)) return null;
    return axesOf(
      whole,
      shownMapOptions(options.aids, scene.leftOut.keys.value),
      pairRanges(whole, selection.pair.value),
    );
  });
  const shownMap = computed(() => {
    const whole = scene.wholeMap.value;
    if (!whole || !axes.value) return scene.shownMap.value;
    const shown = axesInWindow(whole, axes.value, { size: size.value, ...scene.windowStart.value });
    return shownMapOf(whole, shownMapOptions(options.aids, scene.leftOut.keys.value), shown, true);
  });
  const description = computed(() => shownMap.value?.description);
  const rowWindow = rowWindowIn(scene, axes, size);
  effectUntil(signal, revealNewPins(scene, axes, rowWindow));
  return {
    ...scene,
    shownMap,
    description,
    rowWindow,
    tokens: shownTokens(selection, shownMap),
    ranges: computed(() =>
      axes.value && description.value
        ? { queries: [0, description.value.query_tokens.length], keys: [0, description.value.key_tokens.length] }
        : scene.ranges.value,
    ),
    excerpt: computed<ShownExcerpt | null>(() => {
      const current = shownMap.value;
      if (!current?.isRemote || scene.heads.value.length === 0) return null;
      return { shownMap: current, map: current.description.name, layer: scene.layer.value, heads: scene.heads.value };
    }),
  };
}

function rowWindowIn(scene: Scene, axes: ReadonlySignal<MapAxes | null>, size: ReadonlySignal<number>): MovableWindow {
  const extentOf = (side: Side): RowExtent => {
    const axis = (axes.value as MapAxes)[AXES[side]];
    const [first, stop] = rowWindowOf(axis, scene.windowStart.value[side], size.value);
    return { rows: axis.groups.length, first, stop };
  };
  const move = (side: Side, first: number) => {
    const axis = axes.peek()?.[AXES[side]];
    const row = Math.max(0, Math.min(first, (axis?.groups.length ?? 0) - size.peek()));
    const position = axis?.groups[row]?.[0];
    if (position === undefined) return;
    const before = scene.windowStart.peek();
    const next = untracked(() => showsOneText(scene))
      ? { query: position, key: position }
      : { ...before, [side]: position };
    if (next.query !== before.query || next.key !== before.key) scene.windowStart.value = next;
  };
  return {
    get size() {
      return size.value;
    },
    extents: computed(() => {
      if (!axes.value) return null;
      const extents = { query: extentOf("query"), key: extentOf("key") };
      return extents.query.rows > size.value || extents.key.rows > size.value ? extents : null;
    }),
    move,
    reveal(side, position) {
      const axis = axes.peek()?.[AXES[side]];
      if (!axis) return false;
      const row = rowFrom(axis.shownAt, position, axis.groups.length);
      const [first, stop] = rowWindowOf(axis, scene.windowStart.peek()[side], size.peek());
      if (row >= first && row < stop) return false;
      move(side, row - Math.floor(size.peek() / 2));
      return true;
    },
  };
}

/** Brings newly pinned tokens into sight, wherever they were pinned. */
function revealNewPins(
  { context }: Scene,
  axes: ReadonlySignal<MapAxes | null>,
  { reveal }: MovableWindow,
): () => void {
  const before: Record<Side, number | null> = { query: null, key: null };
  return () => {
    void axes.value;
    const now = { query: context.selection.query.value, key: context.selection.key.value };
    // If both sides are one text with one window, the query takes precedence over the key.
    const [moved] = (["query", "key"] as const).filter((side) => now[side] !== null && now[side] !== before[side]);
    Object.assign(before, now);
    untracked(() => batch(() => moved && reveal(moved, now[moved] as number)));
  };
}
