import { TILE_BINS } from "../contract.gen";
import type { TilePlace } from "./tiles";
import type { Place, Span, Viewport } from "./viewport";

/** A rectangle of bins of one level, each from its first to before its last. */
export interface Bins {
  readonly level: number;
  readonly queries: Span;
  readonly keys: Span;
}

/** The level whose bins are about a pixel; single tokens where even these are larger. */
export function levelFor(
  { queries, keys }: Viewport,
  pixels: { readonly width: number; readonly height: number },
  top: number,
): number {
  const perPixel = Math.min((queries[1] - queries[0]) / pixels.height, (keys[1] - keys[0]) / pixels.width);
  return perPixel > 1 ? Math.min(top, Math.round(Math.log2(perPixel))) : 0;
}

/** The bins of a level that a viewport shows, if only a part of them. */
export function binsIn({ queries, keys }: Viewport, level: number): Bins {
  const around = ([start, stop]: Span): Span => [Math.floor(start / 2 ** level), Math.ceil(stop / 2 ** level)];
  return { level, queries: around(queries), keys: around(keys) };
}

/** A viewport in bins, from where a rectangle of them begins. */
export function withinBins({ queries, keys }: Viewport, bins: Bins): Viewport {
  const from = ([start, stop]: Span, first: number): Span => [
    start / 2 ** bins.level - first,
    stop / 2 ** bins.level - first,
  ];
  return { queries: from(queries, bins.queries[0]), keys: from(keys, bins.keys[0]) };
}

/** The tiles that hold bins. */
export function tilesOver({ level, queries, keys }: Bins): TilePlace[] {
  const rows = numbersOver(queries);
  const columns = numbersOver(keys);
  return rows.flatMap((row) => columns.map((column) => ({ level, row, column })));
}

/** Those first whose middles are nearest to a place. */
export function nearestFirst(tiles: readonly TilePlace[], at: Place): TilePlace[] {
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
