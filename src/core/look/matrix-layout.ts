/** The largest cell and the largest map, in CSS pixels. */
const LARGEST_CELL = 28;
const LARGEST_MAP = 640;
/** A side of few tokens is not made lower than this to keep cells square. */
const READABLE_CELL = 12;
/** Of several maps side by side, none is planned narrower than this. */
const SMALLEST_MAP = 100;

/** This many maps stand in one row if each gets this width, in CSS pixels. */
const MOST_BESIDE = 3;
const WIDE_MAP = 200;

/** All maps together are no higher than this, in CSS pixels, unless that makes them too small. */
const USUAL_HEIGHT = 700;

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
  /** The space beside the labels for the names of parts of the text, in CSS pixels; 0 by default. */
  readonly parts?: number;
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

export function layoutMatrix(shape: MatrixShape, available: number, inSight = USUAL_HEIGHT): MatrixLayout {
  const { numMaps } = shape;
  const { parts = 0 } = shape;
  const left = parts + Math.max(CORNER.width, Math.ceil(shape.queryLetters * LETTER) + LABEL_SPACE);
  const top = parts + Math.max(CORNER.height, Math.ceil(shape.keyLetters * LETTER) + LABEL_SPACE);
  const room = Math.max(SMALLEST_MAP, available - left - 4);
  const [mapWidth, mapHeight] = mapSize(shape, room, Math.max(SMALLEST_MAP, inSight - top));
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
 * Two or three maps stand side by side as long as they are wide enough.
 */
function mapSize(
  { numMaps, numQueries, numKeys }: MatrixShape,
  room: number,
  inSight: number,
): [width: number, height: number] {
  const below = numMaps > 1 ? CAPTION + MAP_GAP : 0;
  const widthOf = (columns: number) => Math.min(LARGEST_MAP, (room + MAP_GAP) / columns - MAP_GAP);
  const sizeOf = (columns: number): [number, number] => {
    const high = inSight / Math.ceil(numMaps / columns) - below;
    const [width, height] = cellOf(numQueries, numKeys, widthOf(columns), high);
    return [Math.max(1, Math.floor(width * numKeys)), Math.max(1, Math.floor(height * numQueries))];
  };
  if (numMaps <= MOST_BESIDE && widthOf(numMaps) >= WIDE_MAP) return sizeOf(Math.max(1, numMaps));
  const fits = (columns: number, high: number) => Math.ceil(numMaps / columns) * (high + below) <= inSight + MAP_GAP;
  let [size, largest] = [sizeOf(1), 0];
  for (let columns = 1; columns <= numMaps && (columns === 1 || widthOf(columns) >= SMALLEST_MAP); columns++) {
    const next = sizeOf(columns);
    const area = fits(columns, next[1]) ? next[0] * next[1] : 0;
    if (area > largest || largest === 0) size = next;
    largest = Math.max(largest, area);
  }
  return size;
}

/** Square cells, except that a side of few tokens among many stays high enough to read. */
function cellOf(numQueries: number, numKeys: number, wide: number, high: number): [width: number, height: number] {
  const width = cellFor(numKeys, wide);
  const height = cellFor(numQueries, Math.max(Math.min(high, LARGEST_MAP), SMALLEST_MAP));
  const square = Math.min(width, height);
  const sideOf = (count: number, other: number, most: number) =>
    2 * count < other ? Math.min(most, Math.max(square, READABLE_CELL)) : square;
  return [sideOf(numKeys, numQueries, width), sideOf(numQueries, numKeys, height)];
}

/** Rounds down to whole pixels where cells are so large that uneven ones would show. */
function cellFor(count: number, room: number): number {
  const cell = Math.min(LARGEST_CELL, room / Math.max(1, count));
  return cell >= 6 ? Math.floor(cell) : cell;
}
