import { TILE_BINS } from "../../contract.gen";
import type { Span, Viewport, ViewportPoint } from "../look/viewport";
import type { TilePlace } from "./tiles";

/** A rectangle of bins of one level; both spans are half-open. */
export interface BinRectangle {
  readonly level: number;
  readonly queries: Span;
  readonly keys: Span;
}

/** The level whose bins are about a pixel in size; level 0 where single tokens are larger than that. */
export function levelFor(
  { queries, keys }: Viewport,
  pixels: { readonly width: number; readonly height: number },
  top: number,
): number {
  const perPixel = Math.min((queries[1] - queries[0]) / pixels.height, (keys[1] - keys[0]) / pixels.width);
  return perPixel > 1 ? Math.min(top, Math.round(Math.log2(perPixel))) : 0;
}

/** The bins of a level that a viewport shows, even if only in part. */
export function binsIn({ queries, keys }: Viewport, level: number): BinRectangle {
  const around = ([start, stop]: Span): Span => [Math.floor(start / 2 ** level), Math.ceil(stop / 2 ** level)];
  return { level, queries: around(queries), keys: around(keys) };
}

/** A viewport in units of bins, relative to the first bin of a rectangle. */
export function withinBins({ queries, keys }: Viewport, bins: BinRectangle): Viewport {
  const from = ([start, stop]: Span, first: number): Span => [
    start / 2 ** bins.level - first,
    stop / 2 ** bins.level - first,
  ];
  return { queries: from(queries, bins.queries[0]), keys: from(keys, bins.keys[0]) };
}

/** The tiles that cover a rectangle of bins. */
export function tilesOver({ level, queries, keys }: BinRectangle): TilePlace[] {
  const rows = numbersOver(queries);
  const columns = numbersOver(keys);
  return rows.flatMap((row) => columns.map((column) => ({ level, row, column })));
}

/** Sorts tiles by the distance of their middles from a point, nearest first. */
export function nearestFirst(tiles: readonly TilePlace[], at: ViewportPoint): TilePlace[] {
  const distance = ({ level, row, column }: TilePlace) => {
    const extent = TILE_BINS * 2 ** level;
    return Math.hypot((row + 0.5) * extent - at.query, (column + 0.5) * extent - at.key);
  };
  return [...tiles].sort((one, other) => distance(one) - distance(other));
}

function numbersOver([start, stop]: Span): number[] {
  const first = Math.floor(start / TILE_BINS);
  return Array.from({ length: Math.max(0, Math.ceil(stop / TILE_BINS) - first) }, (_, at) => first + at);
}
