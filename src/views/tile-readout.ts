import { TILE_BINS } from "../contract.gen";
import { headColor } from "../core/colors";
import { type HeadWeights, weightAt } from "../core/head-weights";
import type { FindTile } from "../core/mosaic-parts";
import { formatWeight } from "../core/numbers";
import { element } from "../dom/element";
import { only } from "./matrix-cells";
import { nameOf } from "./matrix-readout";
import type { MatrixScene } from "./matrix-scene";
import { headsOfMaps } from "./matrix-source";
import { pairNumbers, type Readout, word } from "./readout";
import type { Ground } from "./tile-wish";

/** A cell of a long map, as far as it is known. */
export interface KnownCell {
  readonly ground: Ground;
  readonly query: number | null;
  readonly key: number | null;
  /** The weights of the active heads, one each; null until they are there. */
  readonly weights: readonly HeadWeights[] | null;
  readonly findIn: (ground: Ground, head: number | null) => FindTile;
  readonly top: number;
}

/** What the status line says of a cell: as `readMatrix`, with positions, as a long text has each word many times. */
export function readTiles(scene: MatrixScene, cell: KnownCell, pointed: number | null): Readout {
  const { query, key, ground, weights } = cell;
  const info = scene.info.value;
  const [from, to] = [told(info?.query_tokens, query), told(info?.key_tokens, key)];
  const layer = `   layer ${ground.layer}`;
  if (!from || !to || query === null || key === null) {
    return from ? [...from, " as query", layer] : to ? [...to, " as key", layer] : [];
  }
  const place = [...from, " → ", ...to, layer];
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
    return shown ? [...place, ...pairNumbers(shown, 0, 0)] : place;
  }
  const color = head !== null && maps.length > 1 ? colorOf(head) : undefined;
  const number = weights ? exact(scene, weights, head) : roughly(cell, query, key, head);
  return [...place, ", ", ...nameOf(head, heads.length, color), "   ", element("b", {}, number)];
}

function told(tokens: readonly string[] | undefined, position: number | null): Readout | null {
  const token = tokens?.[position ?? -1];
  return token === undefined ? null : [word(token), ` [${position}]`];
}

function exact({ heads, context }: MatrixScene, weights: readonly HeadWeights[], head: number | null): string {
  const [first] = weights;
  if (head !== null) {
    const own = weights[heads.value.indexOf(head)];
    return own ? formatWeight(only(own), own.dtype) : "";
  }
  const sum = weights.reduce((total, one) => total + only(one), 0);
  return formatWeight(context.options.combine.value === "mean" ? sum / weights.length : sum, first?.dtype);
}

/** What the finest bin that is there tells of the cell. */
function roughly({ ground, findIn, top }: KnownCell, query: number, key: number, head: number | null): string {
  const find = findIn(ground, head);
  for (let level = 0; level <= top; level++) {
    const [row, column] = [query >> level, key >> level];
    const tile = find({ level, row: Math.floor(row / TILE_BINS), column: Math.floor(column / TILE_BINS) });
    if (!tile) continue;
    if (tile.codes.length === 0) return "0";
    const weight = weightAt(tile, row % TILE_BINS, column % TILE_BINS);
    const number = formatWeight(weight, tile.dtype);
    if (level === 0 || number === "missing" || weight === 0) return number;
    const side = 2 ** level;
    const bound = ground.pool === "mean" ? `mean ${number}` : number.startsWith("<") ? number : `≤ ${number}`;
    return `${bound} in ${side} × ${side} tokens`;
  }
  return "";
}
