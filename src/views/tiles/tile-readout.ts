import { TILE_BINS } from "../../contract.gen";
import { isComposed } from "../../core/composed/composed-map";
import { headColor } from "../../core/look/colors";
import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import { averageHeads } from "../../core/reduce/average-heads";
import type { FindTile } from "../../core/tiles/mosaic";
import { type HeadWeights, weightAt } from "../../core/weights/head-weights";
import { element } from "../../dom/element";
import { headsOfMaps } from "../heat/heat-source";
import type { MatrixScene } from "../heat/matrix-scene";
import { cellPlace, cellWeight, UNCONNECTED } from "../tokens/cell-place";
import { headLabel, pairWeights, type Readout, withHead, word } from "../tokens/readout";
import { onlyWeight } from "./pointed-weight";
import type { PooledLayer } from "./tile-request-plan";

/** What is known about a cell of a long map. */
export interface KnownCell {
  readonly pooledLayer: PooledLayer;
  readonly query: number | null;
  readonly key: number | null;
  /** The weight of each active head; null until they arrive. */
  readonly weights: readonly HeadWeights[] | null;
  readonly findIn: (pooledLayer: PooledLayer, head: number | null) => FindTile;
  readonly top: number;
}

/**
 * What the status line says about a cell. Unlike `matrixReadout` it adds positions, because a long text repeats words.
 */
export function tileReadout(scene: MatrixScene, cell: KnownCell, pointed: number | null): Readout {
  const { query, key, pooledLayer, weights } = cell;
  const description = scene.description.value;
  const [from, to] = [tokenAt(description?.query_tokens, query), tokenAt(description?.key_tokens, key)];
  const layer = `   layer ${layerName(description, pooledLayer.layer)}`;
  if (!from || !to || query === null || key === null) {
    return from ? [...from, " as query", layer] : to ? [...to, " as key", layer] : [];
  }
  const there = cellPlace(scene, pooledLayer.layer, { query, key });
  if (there === null) return [...from, " → ", ...to, `   ${UNCONNECTED}`];
  const place = [...from, " → ", ...to, `   ${there}`];
  const maps = headsOfMaps(scene);
  const heads = scene.heads.value;
  const head = maps[pointed ?? (maps.length > 1 ? -1 : 0)];
  const colorOf = (one: number) => headColor(one, scene.numHeads.value, scene.dark.value);
  if (head === undefined) {
    const shown = weights?.map((one, at) => ({
      head: heads[at] as number,
      color: colorOf(heads[at] as number),
      weights: one,
    }));
    return shown ? [...place, ...pairWeights(withHead(scene, shown, { query: 0, key: 0 }), 0, 0)] : place;
  }
  const color = head !== null && maps.length > 1 ? colorOf(head) : undefined;
  const number = weights ? exact(scene, weights, head) : roughly(cell, query, key, head);
  return [...place, ", ", ...headLabel(head, heads.length, color), "   ", element("b", {}, number)];
}

function tokenAt(tokens: readonly string[] | undefined, position: number | null): Readout | null {
  const token = tokens?.[position ?? -1];
  return token === undefined ? null : [word(token), ` [${position}]`];
}

function exact(scene: MatrixScene, weights: readonly HeadWeights[], head: number | null): string {
  const [first] = weights;
  const { heads, context } = scene;
  if (head !== null) {
    const own = weights[heads.value.indexOf(head)];
    return own ? cellWeight(scene, onlyWeight(own), own.dtype) : "";
  }
  const { combine } = context.options;
  if (!first || combine.value === "each") return "";
  return formatWeight(onlyWeight(averageHeads(weights, combine.value, isComposed(scene.wholeMap.value))), first.dtype);
}

/** The value of the finest bin in memory that contains the cell. */
function roughly({ pooledLayer, findIn, top }: KnownCell, query: number, key: number, head: number | null): string {
  const find = findIn(pooledLayer, head);
  for (let level = 0; level <= top; level++) {
    const [row, column] = [query >> level, key >> level];
    const tile = find({ level, row: Math.floor(row / TILE_BINS), column: Math.floor(column / TILE_BINS) });
    if (!tile) continue;
    if (tile.codes.length === 0) return "0";
    const weight = weightAt(tile, row % TILE_BINS, column % TILE_BINS);
    const number = formatWeight(weight, tile.dtype);
    if (level === 0 || number === "missing" || weight === 0) return number;
    const side = 2 ** level;
    const bound = pooledLayer.pool === "mean" ? `mean ${number}` : number.startsWith("<") ? number : `≤ ${number}`;
    return `${bound} in ${side} × ${side} tokens`;
  }
  return "";
}
