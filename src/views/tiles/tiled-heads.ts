import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { LONG_TOKENS, TILE_BINS } from "../../contract.gen";
import type { Viewport } from "../../core/look/viewport";
import { hasMask, sightOfBins } from "../../core/reduce/sight";
import type { Aids } from "../../core/state/context";
import { mosaicOf } from "../../core/tiles/mosaic";
import { binsIn, withinBins } from "../../core/tiles/tile-plan";
import { PENDING } from "../fetch/progress";
import { type HeatSource, headsOfMaps, quantityOf, type ScreenArea } from "../heat/heat-source";
import type { MatrixScene } from "../heat/matrix-scene";
import type { Focus } from "../scene/focus";
import { findCombinedTiles } from "./combined-tiles";
import { cellOfTile, watchCell } from "./pointed-weight";
import { tileReadout } from "./tile-readout";
import { drawnLayer, planTileRequests } from "./tile-request-plan";
import { tileColorTop } from "./tile-tops";
import { watchTiles } from "./tile-watch";

/** Heat maps of heads that are too large to fetch whole, drawn from the visible tiles. */
export function tiledHeads(
  scene: MatrixScene,
  frame: ScreenArea,
  focus: ReadonlySignal<Focus>,
  signal: AbortSignal,
): HeatSource {
  const { source, options } = scene.context;
  const plan = planTileRequests(scene, frame);
  const watch = watchTiles(source, plan.tiles, signal);
  const pooledLayer = drawnLayer(scene, plan, watch.find);
  const findIn = findCombinedTiles(scene, watch.find);

  /** What the picture depends on. Each change makes a new object, which shows whether it has been painted. */
  const painting = computed(() => ({ pooledLayer: pooledLayer.value, lacking: watch.lacking.value }));
  const last = signalOf<typeof painting.value | null>(null);
  const isBehind = () => painting.value !== last.value;
  const isBlank = () => pooledLayer.value !== plan.pooledLayer.value || last.value === null;

  const cell = computed(() => {
    const { query, key } = focus.value.tokens;
    if (!scene.isLong.value || query === null || key === null) return null;
    return { map: pooledLayer.value.map, layer: pooledLayer.value.layer, heads: scene.heads.value, query, key };
  });
  const here = computed(() => {
    if (!cell.value) return null;
    const { heads, query, key } = cell.value;
    const place = { level: 0, row: Math.floor(query / TILE_BINS), column: Math.floor(key / TILE_BINS) };
    const tiles = heads.flatMap((head) => findIn(pooledLayer.value, head)(place) ?? []);
    return tiles.length < heads.length ? null : tiles.map((tile) => cellOfTile(tile, query, key));
  });
  const asked = watchCell(
    source,
    computed(() => (here.value ? null : cell.value)),
    signal,
  );
  const weights = computed(() => here.value ?? asked.value);
  const whole = computed(() => {
    const place = { level: plan.top.value, row: 0, column: 0 };
    return scene.heads.value.flatMap((head) => findIn(pooledLayer.value, head)(place) ?? []);
  });
  const wholeBins = computed(() => binsIn(wholeView(scene), plan.top.value));
  return {
    progress: computed(() => {
      const now = watch.progress.value;
      if (now.state === "ready") return isBehind() ? PENDING : now;
      // While a coarser picture stands in, the status line keeps describing the cell under the pointer.
      return now.state === "pending" && cell.value && !isBlank() ? PENDING : now;
    }),
    layer: computed(() => last.value?.pooledLayer.layer ?? null),
    // No head is held whole.
    heads: signalOf([]),
    isPartial: signalOf(false),
    painted() {
      last.value = painting.value;
    },
    part(map) {
      const head = headsOfMaps(scene)[map];
      if (head === undefined) return null;
      const bins = binsIn(frame.viewport.value, plan.level.value);
      const found = mosaicOf(bins, plan.top.value, pooledLayer.value.pool, findIn(pooledLayer.value, head));
      const sight = sightOfBins(whole.value, plan.top.value, bins, scene.regions.value);
      return found && { weights: found, viewport: withinBins(frame.viewport.value, bins), sight };
    },
    quantity: computed(() => {
      const [name, side] = [quantityOf(scene), 2 ** plan.level.value];
      const how = pooledLayer.value.pool === "max" ? "largest" : "mean";
      return side === 1 ? name : `${name}, ${how} in ${side} × ${side} tokens`;
    }),
    top: tileColorTop(scene, plan, pooledLayer, findIn),
    least: computed(() => options.aids.threshold.value ?? 0),
    hasMask: computed(
      () =>
        whole.value.length > 0 &&
        hasMask(sightOfBins(whole.value, plan.top.value, wholeBins.value, scene.regions.value)),
    ),
    level: plan.level,
    note: computed(() => (scene.isLong.value ? idleAids(options.aids) : "")),
    readout: (map) =>
      tileReadout(
        scene,
        { ...focus.value.tokens, pooledLayer: pooledLayer.value, weights: weights.value, findIn, top: plan.top.value },
        map,
      ),
  };
}

/** All positions of the map. */
function wholeView({ description }: MatrixScene): Viewport {
  const { query_tokens = [], key_tokens = [] } = description.value ?? {};
  return { queries: [0, query_tokens.length], keys: [0, key_tokens.length] };
}

/** Says which active aids cannot act on tiles; empty if there are none. */
function idleAids({ topK, hideSpecial, hideSink, exclude, mergeWords, mergeSegments }: Aids): string {
  const idle = [
    mergeSegments.value ? "segments" : "",
    mergeWords.value ? "words" : "",
    hideSpecial.value ? "hidden special tokens" : "",
    hideSink.value ? "hidden sinks" : "",
    exclude.value.length > 0 ? "excluded keys" : "",
    topK.value !== null ? "strongest keys" : "",
  ].filter(Boolean);
  if (idle.length === 0) return "";
  const [last, ...others] = idle.reverse();
  const list =
    others.length > 0
      ? `${others.reverse().join(", ")} and ${last} do`
      : `${last} do${last?.startsWith("a ") ? "es" : ""}`;
  return `Heat maps of more than ${LONG_TOKENS} tokens show every token: ${list} not act here.`;
}
