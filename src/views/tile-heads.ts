import { combined } from "../core/combine";
import type { HeadWeights } from "../core/head-weights";
import type { FindTile } from "../core/mosaic-parts";
import { type TilePlace, tileKey } from "../core/tiles";
import type { MatrixScene } from "./matrix-scene";
import type { TileName } from "./tile-shelf";
import type { Ground } from "./tile-wish";

type Find = (tile: TileName) => HeadWeights | undefined;

/** Finds the tiles of a head, or of all active heads as one for null. What is put together is kept for a while. */
export function findHeads(scene: MatrixScene, find: Find): (ground: Ground, head: number | null) => FindTile {
  const kept = new WeakMap<HeadWeights, { readonly key: string; readonly weights: HeadWeights }>();
  const asOne = (ground: Ground, place: TilePlace): HeadWeights | undefined => {
    const heads = scene.heads.value;
    const how = scene.context.options.combine.value;
    const tiles = heads.flatMap((head) => find({ ...ground, ...place, head }) ?? []);
    const [first] = tiles;
    if (!first || tiles.length < heads.length || how === "each") return undefined;
    const key = JSON.stringify([how, heads, tileKey({ ...ground, ...place, head: -1 })]);
    const known = kept.get(first);
    if (known?.key === key) return known.weights;
    const weights = combined(filled(tiles), how);
    kept.set(first, { key, weights });
    return weights;
  };
  return (ground, head) => (place) => (head === null ? asOne(ground, place) : find({ ...ground, ...place, head }));
}

/** Where some are not blank, the blank ones are so many zeros. */
function filled(tiles: readonly HeadWeights[]): readonly HeadWeights[] {
  const full = tiles.find(({ codes }) => codes.length > 0);
  if (!full) return tiles;
  const zeros = { ...full, codes: new Uint16Array(full.codes.length) };
  return tiles.map((tile) => (tile.codes.length > 0 ? tile : zeros));
}
