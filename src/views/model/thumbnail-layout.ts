import type { GridShape } from "../fetch/fetch-overviews";

/** The largest useful width of a grid beside an open part, in CSS pixels. */
const WIDEST_BESIDE = 556;
/** The width of the axes and a scroll bar. */
const AXES_WIDTH = 58;
/** From this width on, the detail is beside the grid and not below it: see the style sheet. */
const SIDE_BY_SIDE = 640;
/**
 * The least width of the detail and the gap before it, in CSS pixels, unless a fraction of the view's width is more.
 */
const DETAIL = 320;
/** Of 40 heads, all are in sight in a notebook of 1,280 pixels. */
const SMALLEST_PITCH = 20;
const LARGEST_PITCH = 132;
/** Thumbnails are not made smaller than this to bring all layers into sight. */
const READABLE_PITCH = 56;
/** The height of the names of heads above the grid, in CSS pixels. */
const NAMES_HEIGHT = 40;
const GAP = 4;

/** The places of the grid's cells, in CSS pixels. */
export interface GridMeasures {
  /** The head of each column. */
  readonly columns: readonly number[];
  /** The distance from one cell to the next. */
  readonly pitch: number;
  /** The space between two cells. */
  readonly gap: number;
  readonly width: number;
  readonly height: number;
}

/** The places of the cells at a given pitch. A grid that does not fit is scrolled. */
export function measureGrid(shape: GridShape, pitch: number): GridMeasures {
  const columns = columnsOf(shape);
  return { columns, pitch, gap: GAP, width: columns.length * pitch, height: shape.rows.length * pitch };
}

/** The surroundings of a grid, in CSS pixels. */
export interface GridRoom {
  readonly width: number;
  readonly height: number;
  /** Whether something is open beside the grid. */
  readonly isBeside: boolean;
  /** The fraction of the width, from 0 to 1, that is kept free for it. */
  readonly detailPart: number;
}

/**
 * The pitch at which the grid fills the width of its room, or at which all layers are in sight. The weights do not
 * matter, so nothing moves when they arrive.
 */
export function fittingPitch(shape: GridShape, { width, height, isBeside, detailPart }: GridRoom): number {
  const detail = isBeside && width >= SIDE_BY_SIDE ? Math.max(DETAIL, detailPart * width) : 0;
  const wide = Math.min(width - AXES_WIDTH - detail, detail > 0 ? WIDEST_BESIDE : Number.POSITIVE_INFINITY);
  const across = Math.floor(wide / Math.max(1, columnsOf(shape).length));
  const down = Math.floor((height - NAMES_HEIGHT) / Math.max(1, shape.rows.length));
  const fitting = Math.min(across, Math.max(down, READABLE_PITCH));
  return Math.max(SMALLEST_PITCH, Math.min(LARGEST_PITCH, fitting));
}

/** The head of each column. */
export function columnsOf({ rows }: GridShape): number[] {
  return [...new Set(rows.flatMap(({ heads }) => heads))].sort((a, b) => a - b);
}
