/** The largest cell and the largest map, in CSS pixels. */
const LARGEST_CELL = 28;
const LARGEST_MAP = 640;
/** A side of few tokens is not made lower than this to keep cells square. */
const READABLE_CELL = 12;
/** Of several maps side by side, none is planned narrower than this. */
const SMALLEST_MAP = 120;

/** All maps together are no higher than this, in CSS pixels, unless that makes them too small. */
const IN_SIGHT = 700;

/** The gap between maps, and the height of the caption below each, in CSS pixels. */
export const MAP_GAP = 14;
export const CAPTION = 22;

/** The width of one letter of a label, and the space between label and map. */
const LETTER = 6.7;
const LABEL_SPACE = 12;
/** The corner where the two gutters meet holds the words "query" and "key". */
const CORNER = { width: 58, height: 38 };

export interface MatrixShape {
  readonly numMaps: number;
  readonly numQueries: number;
  readonly numKeys: number;
  /** The number of letters in the longest label of each side. */
  readonly queryLetters: number;
  readonly keyLetters: number;
}

/**
 * Where heat maps are, in CSS pixels. The maps form a grid, with query tokens left of each row of maps and key tokens
 * above the first row.
 */
export interface MatrixLayout {
  readonly left: number;
  readonly top: number;
  readonly mapWidth: number;
  readonly mapHeight: number;
  readonly columns: number;
  readonly rows: number;
  /** From the first map's left edge to the last map's right edge, and from top to bottom, captions included. */
  readonly width: number;
  readonly height: number;
}

export function layoutMatrix(shape: MatrixShape, available: number): MatrixLayout {
  const { numMaps } = shape;
  const left = Math.max(CORNER.width, Math.ceil(shape.queryLetters * LETTER) + LABEL_SPACE);
  const top = Math.max(CORNER.height, Math.ceil(shape.keyLetters * LETTER) + LABEL_SPACE);
  const room = Math.max(SMALLEST_MAP, available - left - 4);
  const [mapWidth, mapHeight] = mapSize(shape, room);
  // Maps of few tokens are narrower than planned, so more of them fit side by side.
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

/** The upper left corner of a map. */
export function placeOf({ mapWidth, mapHeight, columns }: MatrixLayout, index: number): [x: number, y: number] {
  const row = Math.floor(index / columns);
  return [(index % columns) * (mapWidth + MAP_GAP), row * (mapHeight + CAPTION + MAP_GAP)];
}

/** The step between tokens that get a name, chosen so that names `pixels` high have room: 1, 2, 5, 10, ... */
export function labelStep(cell: number, pixels: number): number {
  if (!(cell > 0)) return Number.POSITIVE_INFINITY;
  for (let unit = 1; ; unit *= 10) {
    for (const step of [unit, 2 * unit, 5 * unit]) {
      if (step * cell >= pixels) return step;
    }
  }
}

/**
 * The size of the largest maps that are all in sight together; where those are too small, the smallest maps allowed.
 */
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

/** Square cells, except in maps with far more tokens on one side than on the other. */
function cellOf(numQueries: number, numKeys: number, room: number): [width: number, height: number] {
  const width = cellFor(numKeys, room);
  const height = cellFor(numQueries, Math.max(room, SMALLEST_MAP));
  return [Math.min(width, Math.max(height, READABLE_CELL)), Math.min(height, Math.max(width, READABLE_CELL))];
}

/** Rounds down to whole pixels where cells are so large that uneven ones would show. */
function cellFor(count: number, room: number): number {
  const cell = Math.min(LARGEST_CELL, room / Math.max(1, count));
  return cell >= 6 ? Math.floor(cell) : cell;
}
