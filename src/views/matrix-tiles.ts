import type { ReadonlySignal } from "@preact/signals-core";
import { computed, signal as signalOf } from "@preact/signals-core";
import { TILE_BINS } from "../contract.gen";
import { mosaicOf } from "../core/mosaic";
import { binsIn, withinBins } from "../core/tile-plan";
import type { Focus } from "./focus";
import { cellOf, watchCell } from "./matrix-cells";
import type { MatrixScene } from "./matrix-scene";
import { type Frame, type HeatSource, headsOfMaps, quantityOf } from "./matrix-source";
import { PENDING } from "./progress";
import { drawnGround } from "./tile-ground";
import { findHeads } from "./tile-heads";
import { idleAids } from "./tile-note";
import { readTiles } from "./tile-readout";
import { tileTop } from "./tile-tops";
import { watchTiles } from "./tile-watch";
import { tileWish } from "./tile-wish";

/** Heat maps of heads that are too large to be had whole, from the tiles that are in sight. */
export function tiledHeads(
  scene: MatrixScene,
  frame: Frame,
  focus: ReadonlySignal<Focus>,
  signal: AbortSignal,
): HeatSource {
  const { source, options } = scene.context;
  const wish = tileWish(scene, frame);
  const watch = watchTiles(source, wish.tiles, signal);
  const ground = drawnGround(scene, wish, watch.find);
  const findIn = findHeads(scene, watch.find);

  /** What the picture follows: anew for each change, so that one can tell whether it is painted. */
  const wanted = computed(() => ({ ground: ground.value, lacking: watch.lacking.value }));
  const last = signalOf<typeof wanted.value | null>(null);
  const isBehind = () => wanted.value !== last.value;
  const isBlank = () => ground.value !== wish.ground.value || last.value === null;

  const cell = computed(() => {
    const { query, key } = focus.value.tokens;
    if (!scene.isLong.value || query === null || key === null) return null;
    return { map: ground.value.map, layer: ground.value.layer, heads: scene.heads.value, query, key };
  });
  const here = computed(() => {
    if (!cell.value) return null;
    const { heads, query, key } = cell.value;
    const place = { level: 0, row: Math.floor(query / TILE_BINS), column: Math.floor(key / TILE_BINS) };
    const tiles = heads.flatMap((head) => findIn(ground.value, head)(place) ?? []);
    return tiles.length < heads.length ? null : tiles.map((tile) => cellOf(tile, query, key));
  });
  const asked = watchCell(
    source,
    computed(() => (here.value ? null : cell.value)),
    signal,
  );
  const weights = computed(() => here.value ?? asked.value);
  return {
    progress: computed(() => {
      const now = watch.progress.value;
      if (now.state === "ready") return isBehind() ? PENDING : now;
      // While a coarser picture stands in, the status line goes on to tell of the cells that are pointed at.
      return now.state === "pending" && cell.value && !isBlank() ? PENDING : now;
    }),
    layer: computed(() => last.value?.ground.layer ?? null),
    // No head is here as a whole.
    heads: signalOf([]),
    isPartial: signalOf(false),
    painted() {
      last.value = wanted.value;
    },
    part(map) {
      const head = headsOfMaps(scene)[map];
      if (head === undefined) return null;
      const bins = binsIn(frame.viewport.value, wish.level.value);
      const found = mosaicOf(bins, wish.top.value, ground.value.pool, findIn(ground.value, head));
      return found && { weights: found, viewport: withinBins(frame.viewport.value, bins) };
    },
    quantity: computed(() => {
      const [name, side] = [quantityOf(scene), 2 ** wish.level.value];
      const how = ground.value.pool === "max" ? "largest" : "mean";
      return side === 1 ? name : `${name}, ${how} in ${side} × ${side} tokens`;
    }),
    top: tileTop(scene, wish, ground, findIn),
    least: computed(() => options.aids.threshold.value ?? 0),
    level: wish.level,
    note: computed(() => (scene.isLong.value ? idleAids(options.aids) : "")),
    readout: (map) =>
      readTiles(
        scene,
        { ...focus.value.tokens, ground: ground.value, weights: weights.value, findIn, top: wish.top.value },
        map,
      ),
  };
}
