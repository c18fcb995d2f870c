/** The largest cell and the largest map, in CSS pixels. */
const LARGEST_CELL = 28;
const LARGEST_MAP = 640;
/** A side of few tokens is not drawn lower than this for the sake of square cells. */
const READABLE_CELL = 12;
/** Of several maps side by side, none is planned narrower than this. */
const SMALLEST_MAP = 120;

/** All maps together are no higher than this, in CSS pixels, as long as none gets too small. */
const IN_SIGHT = 700;

/** From one map to the next, and what its name takes below it, in CSS pixels. */
export const MAP_GAP = 14;
export const CAPTION = 22;

/** What a letter of a label takes, and the space before the map. */
const LETTER = 6.7;
const LABEL_SPACE = 12;
/** The words "query" and "key" stand where the two gutters meet. */
const CORNER = { width: 58, height: 38 };

export interface MatrixShape {
  readonly numMaps: number;
  readonly numQueries: number;
  readonly numKeys: number;
  /** The letters of the longest label of each side. */
  readonly queryLetters: number;
  readonly keyLetters: number;
}

/** Where heat maps stand, in CSS pixels: in a grid, tokens of queries left of each row of maps, of keys above the first. */
export interface MatrixLayout {
  readonly left: number;
  readonly top: number;
  readonly mapWidth: number;
  readonly mapHeight: number;
  readonly columns: number;
  readonly rows: number;
  /** From the first map's left edge to the last one's right edge, and from top to bottom with their names. */
  readonly width: number;
  readonly height: number;
}

export function layoutMatrix(shape: MatrixShape, available: number): MatrixLayout {
  const { numMaps } = shape;
  const left = Math.max(CORNER.width, Math.ceil(shape.queryLetters * LETTER) + LABEL_SPACE);
  const top = Math.max(CORNER.height, Math.ceil(shape.keyLetters * LETTER) + LABEL_SPACE);
  const room = Math.max(SMALLEST_MAP, available - left - 4);
  const [mapWidth, mapHeight] = mapSize(shape, room);
  // Maps of few tokens are narrower than planned: then more of them fit side by side.
  const columns = Math.max(1, Math.min(numMaps, Math.floor((room + MAP_GAP) / (mapWidth + MAP_GAP))));
  const rows = Math.ceil(numMaps / columns);
  const below = numMaps > 1 ? CAPTION : 0;
  return {
    left,
    top,
    mapWidth,
    mapHeight,
    columns,
    rows,
    width: columns * (mapWidth + MAP_GAP) - MAP_GAP,
    height: rows * (mapHeight + below + MAP_GAP) - MAP_GAP,
  };
}

/** The left upper corner of a map. */
export function placeOf({ mapWidth, mapHeight, columns }: MatrixLayout, index: number): [x: number, y: number] {
  const row = Math.floor(index / columns);
  return [(index % columns) * (mapWidth + MAP_GAP), row * (mapHeight + CAPTION + MAP_GAP)];
}

/** Every how many tokens one is named, so that names `pixels` high have room: 1, 2, 5, 10, ... */
export function labelStep(cell: number, pixels: number): number {
  if (!(cell > 0)) return Number.POSITIVE_INFINITY;
  for (let unit = 1; ; unit *= 10) {
    for (const step of [unit, 2 * unit, 5 * unit]) {
      if (step * cell >= pixels) return step;
    }
  }
}

/** The largest maps of which all are in sight together; where that takes too small ones, the smallest. */
function mapSize({ numMaps, numQueries, numKeys }: MatrixShape, room: number): [width: number, height: number] {
  let size: [number, number] = [1, 1];
  for (let columns = 1; columns <= Math.max(1, numMaps); columns++) {
    const share = Math.min(LARGEST_MAP, (room + MAP_GAP) / columns - MAP_GAP);
    if (columns > 1 && share < SMALLEST_MAP) break;
    const [width, height] = cellOf(numQueries, numKeys, share);
    size = [Math.max(1, Math.round(width * numKeys)), Math.max(1, Math.round(height * numQueries))];
    if (Math.ceil(numMaps / columns) * (size[1] + CAPTION + MAP_GAP) <= IN_SIGHT) break;
  }
  return size;
}

/** Square cells, but for maps with far more tokens on one side than on the other. */
function cellOf(numQueries: number, numKeys: number, room: number): [width: number, height: number] {
  const width = cellFor(numKeys, room);
  const height = cellFor(numQueries, Math.max(room, SMALLEST_MAP));
  return [Math.min(width, Math.max(height, READABLE_CELL)), Math.min(height, Math.max(width, READABLE_CELL))];
}

/** Whole pixels where cells are large enough that the difference would be seen. */
function cellFor(count: number, room: number): number {
  const cell = Math.min(LARGEST_CELL, room / Math.max(1, count));
  return cell >= 6 ? Math.floor(cell) : cell;
}
