import { isComposed } from "../../core/composed/composed-map";
import { averageHeads } from "../../core/reduce/average-heads";
import type { FindTile } from "../../core/tiles/mosaic";
import { type TilePlace, tileKey } from "../../core/tiles/tiles";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { MatrixScene } from "../heat/matrix-scene";
import type { TileName } from "./recent-tiles";
import type { PooledLayer } from "./tile-request-plan";

type Find = (tile: TileName) => HeadWeights | undefined;

/**
 * Finds the tiles of a head or, for null, those of all active heads combined. Combined tiles are cached for a while.
 */
export function findCombinedTiles(
  scene: MatrixScene,
  find: Find,
): (pooledLayer: PooledLayer, head: number | null) => FindTile {
  const kept = new WeakMap<HeadWeights, { readonly key: string; readonly weights: HeadWeights }>();
  const asOne = (pooledLayer: PooledLayer, place: TilePlace): HeadWeights | undefined => {
    const heads = scene.heads.value;
    const how = scene.context.options.combine.value;
    const tiles = heads.flatMap((head) => find({ ...pooledLayer, ...place, head }) ?? []);
    const [first] = tiles;
    if (!first || tiles.length < heads.length || how === "each") return undefined;
    const key = JSON.stringify([how, heads, tileKey({ ...pooledLayer, ...place, head: -1 })]);
    const known = kept.get(first);
    if (known?.key === key) return known.weights;
    const weights = averageHeads(filled(tiles), how, isComposed(scene.wholeMap.value));
    kept.set(first, { key, weights });
    return weights;
  };
  return (pooledLayer, head) => (place) =>
    head === null ? asOne(pooledLayer, place) : find({ ...pooledLayer, ...place, head });
}

/** Replaces blank tiles with zeros if others are not blank. */
function filled(tiles: readonly HeadWeights[]): readonly HeadWeights[] {
  const full = tiles.find(({ codes }) => codes.length > 0);
  if (!full) return tiles;
  const zeros = { ...full, codes: new Uint16Array(full.codes.length) };
  return tiles.map((tile) => (tile.codes.length > 0 ? tile : zeros));
}
