import type { GridShape } from "../fetch/fetch-overviews";

/** The largest useful width of a grid, in CSS pixels. */
const WIDEST = 556;
/** The width of the axes and a scroll bar. */
const AXES_WIDTH = 58;
/** From this width on, the detail is beside the grid and not below it: see the style sheet. */
const SIDE_BY_SIDE = 640;
/**
 * The least width of the detail and the gap before it, in CSS pixels, unless a fraction of the view's width is more.
 */
const DETAIL = 320;
const SMALLEST_PITCH = 26;
const LARGEST_PITCH = 76;
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

/**
 * The pitch at which the grid fits into a view of some width while `detailPart` of that width, from 0 to 1, stays free
 * for the detail. So the grid does not change when the detail opens. The weights do not matter, so nothing moves when
 * they arrive.
 */
export function fittingPitch(shape: GridShape, viewWidth: number, detailPart = 0): number {
  const detail = Math.max(DETAIL, detailPart * viewWidth);
  const room = viewWidth - AXES_WIDTH - (viewWidth < SIDE_BY_SIDE ? 0 : detail);
  const fitting = Math.floor(Math.min(WIDEST, room) / Math.max(1, columnsOf(shape).length));
  return Math.max(SMALLEST_PITCH, Math.min(LARGEST_PITCH, fitting));
}

function columnsOf({ rows }: GridShape): number[] {
  return [...new Set(rows.flatMap(({ heads }) => heads))].sort((a, b) => a - b);
}
