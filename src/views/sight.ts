import { batch, computed, type ReadonlySignal, untracked } from "@preact/signals-core";
import { type Axes, axesInSight, axesOf, lensOf } from "../core/lens";
import { isLong } from "../core/long";
import { pairRanges } from "../core/pair";
import { rowFrom, sightOf } from "../core/sight";
import { effectUntil } from "../dom/until";
import type { Side } from "./columns";
import { isShared } from "./direction";
import type { ExcerptWish } from "./excerpts";
import { AXES } from "./gathered";
import { lensOptions, type Scene, shownTokens } from "./scene";

/** Which of the rows of a side are in sight. */
export interface Extent {
  readonly rows: number;
  readonly first: number;
  readonly stop: number;
}

/** What moves the tokens in sight of a long map. */
export interface Movable {
  /** Null while the map on screen is short, or all its rows are in sight. */
  readonly extents: ReadonlySignal<Readonly<Record<Side, Extent>> | null>;
  /** The most rows of a side that are in sight. */
  readonly size: number;
  /** Brings `first` and the rows after it in sight, on both sides where they are the same text. */
  move(side: Side, first: number): void;
  /** Brings a position into sight, to the middle if it is not there; false where it is, or is not shown. */
  reveal(side: Side, position: number): boolean;
}

/** The scene of a part that shows `size` rows of each side of a long map, and the others by their place. */
export function inSight(scene: Scene, size: number, signal: AbortSignal): Scene {
  const { selection, options } = scene.context;
  const axes = computed<Axes | null>(() => {
    const whole = scene.whole.value;
    if (!whole || !isLong(whole)) return null;
    return axesOf(whole, lensOptions(options.aids), pairRanges(whole, selection.pair.value));
  });
  const lens = computed(() => {
    const whole = scene.whole.value;
    if (!whole || !axes.value) return scene.lens.value;
    const shown = axesInSight(whole, axes.value, { size, ...scene.sight.value });
    return lensOf(whole, lensOptions(options.aids), shown, true);
  });
  const info = computed(() => lens.value?.info);
  const movable = movableOf(scene, axes, size);
  effectUntil(signal, followPins(scene, axes, movable));
  return {
    ...scene,
    lens,
    info,
    movable,
    tokens: shownTokens(selection, lens),
    ranges: computed(() =>
      axes.value && info.value
        ? { queries: [0, info.value.query_tokens.length], keys: [0, info.value.key_tokens.length] }
        : scene.ranges.value,
    ),
    excerpt: computed<ExcerptWish | null>(() => {
      const through = lens.value;
      if (!through?.isRemote || scene.heads.value.length === 0) return null;
      return { lens: through, map: through.info.name, layer: scene.layer.value, heads: scene.heads.value };
    }),
  };
}

function movableOf(scene: Scene, axes: ReadonlySignal<Axes | null>, size: number): Movable {
  const extentOf = (side: Side): Extent => {
    const axis = (axes.value as Axes)[AXES[side]];
    const [first, stop] = sightOf(axis, scene.sight.value[side], size);
    return { rows: axis.groups.length, first, stop };
  };
  const move = (side: Side, first: number) => {
    const axis = axes.peek()?.[AXES[side]];
    const row = Math.max(0, Math.min(first, (axis?.groups.length ?? 0) - size));
    const position = axis?.groups[row]?.[0];
    if (position === undefined) return;
    const before = scene.sight.peek();
    const next = untracked(() => isShared(scene))
      ? { query: position, key: position }
      : { ...before, [side]: position };
    if (next.query !== before.query || next.key !== before.key) scene.sight.value = next;
  };
  return {
    size,
    extents: computed(() => {
      if (!axes.value) return null;
      const extents = { query: extentOf("query"), key: extentOf("key") };
      return extents.query.rows > size || extents.key.rows > size ? extents : null;
    }),
    move,
    reveal(side, position) {
      const axis = axes.peek()?.[AXES[side]];
      if (!axis) return false;
      const row = rowFrom(axis.shownAt, position, axis.groups.length);
      const [first, stop] = sightOf(axis, scene.sight.peek()[side], size);
      if (row >= first && row < stop) return false;
      move(side, row - Math.floor(size / 2));
      return true;
    },
  };
}

/** What is pinned comes into sight, from wherever it is pinned. */
function followPins({ context }: Scene, axes: ReadonlySignal<Axes | null>, { reveal }: Movable): () => void {
  const before: Record<Side, number | null> = { query: null, key: null };
  return () => {
    void axes.value;
    const now = { query: context.selection.query.value, key: context.selection.key.value };
    // Where both sides are one text and have one place, the query goes before the key.
    const [moved] = (["query", "key"] as const).filter((side) => now[side] !== null && now[side] !== before[side]);
    Object.assign(before, now);
    untracked(() => batch(() => moved && reveal(moved, now[moved] as number)));
  };
}
