import { type PoolKind, TILE_BINS } from "../../contract.gen";
import type { Span } from "../look/viewport";
import { decimalOf } from "../weights/codecs/decimal16";
import { float16Of } from "../weights/codecs/float16";
import { float16Table } from "../weights/codecs/tables";
import type { HeadWeights } from "../weights/head-weights";
import { type BinRectangle, tilesOver } from "./tile-plan";
import type { TilePlace } from "./tiles";

/** Finds a head's tile if it is in memory. */
export type FindTile = (place: TilePlace) => HeadWeights | undefined;

/** A tile, and the part of a rectangle of bins that it fills. The tile and the bins may differ in level. */
export interface MosaicPart {
  readonly place: TilePlace;
  readonly weights: HeadWeights;
  readonly queries: Span;
  readonly keys: Span;
}

/** How many levels down to look for finer tiles. */
const DOWN = 2;

/**
 * The tiles in memory that together fill a rectangle of bins as well as possible. A missing tile is replaced by the
 * next coarser one, with finer tiles over it. Later parts lie over earlier ones.
 */
export function partsOf(bins: BinRectangle, top: number, find: FindTile): MosaicPart[] {
  return tilesOver(bins).flatMap((place) => {
    const exact = find(place);
    return exact ? [partOf(bins, place, place, exact)] : standIns(bins, place, top, find);
  });
}

function standIns(bins: BinRectangle, place: TilePlace, top: number, find: FindTile): MosaicPart[] {
  const found: MosaicPart[] = [];
  for (let up = 1; place.level + up <= top && found.length === 0; up++) {
    const coarser = { level: place.level + up, row: place.row >> up, column: place.column >> up };
    const weights = find(coarser);
    if (weights) found.push(partOf(bins, place, coarser, weights));
  }
  for (let down = Math.min(DOWN, place.level); down > 0; down--) {
    for (const finer of finerOf(place, down)) {
      const weights = find(finer);
      if (weights) found.push(partOf(bins, finer, finer, weights));
    }
  }
  return found.filter(({ queries, keys }) => queries[0] < queries[1] && keys[0] < keys[1]);
}

/** The tiles that cover the same area `down` levels further down. */
function finerOf({ level, row, column }: TilePlace, down: number): TilePlace[] {
  const side = Array.from({ length: 2 ** down }, (_, at) => at);
  return side.flatMap((at) =>
    side.map((beside) => ({ level: level - down, row: (row << down) + at, column: (column << down) + beside })),
  );
}

/** The part of the bins within `area` that a tile fills. */
function partOf(bins: BinRectangle, area: TilePlace, place: TilePlace, weights: HeadWeights): MosaicPart {
  const extent = TILE_BINS * 2 ** (area.level - bins.level);
  const within = (number: number, [start, stop]: Span): Span => [
    Math.max(start, Math.floor(number * extent)),
    Math.min(stop, Math.ceil((number + 1) * extent)),
  ];
  return { place, weights, queries: within(area.row, bins.queries), keys: within(area.column, bins.keys) };
}

/**
 * A rectangle of bins, assembled from the tiles in memory; null if there is none. Bins that no tile covers have no
 * weight.
 */
export function mosaicOf(bins: BinRectangle, top: number, pool: PoolKind, find: FindTile): HeadWeights | null {
  const parts = alike(partsOf(bins, top, find));
  const [first] = parts;
  if (!first) return null;
  const [numQueries, numKeys] = [bins.queries[1] - bins.queries[0], bins.keys[1] - bins.keys[0]];
  const codes = new Uint16Array(numQueries * numKeys);
  for (const part of parts) lay(codes, bins, part, pool);
  // A blank tile has no codes, so its encoding does not matter.
  const { table, dtype } = (parts.find(({ weights }) => weights.codes.length > 0) ?? first).weights;
  return { numQueries, numKeys, codes, table, dtype };
}

/** Gives all parts the same encoding: half precision if the tiles came in several encodings. */
function alike(parts: readonly MosaicPart[]): readonly MosaicPart[] {
  const tables = new Set(parts.filter(({ weights }) => weights.codes.length > 0).map(({ weights }) => weights.table));
  if (tables.size < 2) return parts;
  return parts.map((part) => {
    const { codes, table } = part.weights;
    const halves = Uint16Array.from(codes, (code) => float16Of(table[code] as number));
    return { ...part, weights: { ...part.weights, codes: halves, table: float16Table, dtype: "float16" } };
  });
}

function lay(codes: Uint16Array, bins: BinRectangle, part: MosaicPart, pool: PoolKind): void {
  const width = bins.keys[1] - bins.keys[0];
  const { queries, keys, weights, place } = part;
  const codeAt = readerOf(part, bins.level, pool);
  const first = place.row * TILE_BINS;
  for (let query = queries[0]; query < queries[1]; query++) {
    const start = (query - bins.queries[0]) * width - bins.keys[0];
    if (weights.codes.length === 0) codes.fill(0, start + keys[0], start + keys[1]);
    else if (place.level === bins.level) {
      const row = (query - first) * weights.numKeys - place.column * TILE_BINS;
      codes.set(weights.codes.subarray(row + keys[0], row + keys[1]), start + keys[0]);
    } else for (let key = keys[0]; key < keys[1]; key++) codes[start + key] = codeAt(query, key);
  }
}

/** Reads the code of a bin of `level` from a tile of another level. */
function readerOf(
  { place, weights }: MosaicPart,
  level: number,
  pool: PoolKind,
): (query: number, key: number) => number {
  const { codes, table, numQueries, numKeys } = weights;
  const [firstQuery, firstKey] = [place.row * TILE_BINS, place.column * TILE_BINS];
  const up = place.level - level;
  if (up > 0) return (query, key) => codes[((query >> up) - firstQuery) * numKeys + (key >> up) - firstKey] as number;
  const side = 2 ** -up;
  return (query, key) => {
    const [fromQuery, fromKey] = [query * side - firstQuery, key * side - firstKey];
    // NaN, a missing weight, replaces nothing, and any number replaces it.
    let [best, most, sum, count] = [-1, Number.NaN, 0, 0];
    for (let row = fromQuery; row < Math.min(fromQuery + side, numQueries); row++) {
      for (let cell = row * numKeys + fromKey; cell < row * numKeys + Math.min(fromKey + side, numKeys); cell++) {
        const weight = table[codes[cell] as number] as number;
        if (best < 0 || !(weight <= most || Number.isNaN(weight))) [best, most] = [codes[cell] as number, weight];
        if (Number.isNaN(weight)) continue;
        sum += weight;
        count++;
      }
    }
    if (pool === "max" || count === 0) return Math.max(0, best);
    return table === float16Table ? float16Of(sum / count) : decimalOf(sum / count);
  };
}
