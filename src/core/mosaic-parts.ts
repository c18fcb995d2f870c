import { TILE_BINS } from "../contract.gen";
import type { HeadWeights } from "./head-weights";
import { type Bins, tilesOver } from "./tile-plan";
import type { TilePlace } from "./tiles";
import type { Span } from "./viewport";

/** A head's tile if it is there. */
export type FindTile = (place: TilePlace) => HeadWeights | undefined;

/** What a tile fills of a rectangle of bins; its own level may be another than theirs. */
export interface Part {
  readonly place: TilePlace;
  readonly weights: HeadWeights;
  readonly queries: Span;
  readonly keys: Span;
}

/** Finer tiles are looked for this many levels down. */
const DOWN = 2;

/**
 * The tiles that together fill a rectangle of bins as well as those that are there can: where its own are not, the next
 * coarser ones, and over these the finer ones. Later parts lie over earlier ones.
 */
export function partsOf(bins: Bins, top: number, find: FindTile): Part[] {
  return tilesOver(bins).flatMap((place) => {
    const exact = find(place);
    return exact ? [partOf(bins, place, place, exact)] : standIns(bins, place, top, find);
  });
}

function standIns(bins: Bins, place: TilePlace, top: number, find: FindTile): Part[] {
  const found: Part[] = [];
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

/** The tiles so many levels down that cover the same. */
function finerOf({ level, row, column }: TilePlace, down: number): TilePlace[] {
  const side = Array.from({ length: 2 ** down }, (_, at) => at);
  return side.flatMap((at) =>
    side.map((beside) => ({ level: level - down, row: (row << down) + at, column: (column << down) + beside })),
  );
}

/** A tile's part of the bins that `area` covers. */
function partOf(bins: Bins, area: TilePlace, place: TilePlace, weights: HeadWeights): Part {
  const extent = TILE_BINS * 2 ** (area.level - bins.level);
  const within = (number: number, [start, stop]: Span): Span => [
    Math.max(start, Math.floor(number * extent)),
    Math.min(stop, Math.ceil((number + 1) * extent)),
  ];
  return { place, weights, queries: within(area.row, bins.queries), keys: within(area.column, bins.keys) };
}
