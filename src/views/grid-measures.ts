import type { GridShape } from "./overviews";

/** The widest grid that is worth its place, in CSS pixels. */
const WIDEST = 556;
/** What the axes and a scroll bar take. */
const AXES = 58;
/** From this width on, the detail stands beside the grid and not below it: see the style sheet. */
const SIDE_BY_SIDE = 640;
/** What the detail and the gap before it take at least, in CSS pixels, unless a part of the view's width is more. */
const DETAIL = 320;
const SMALLEST_PITCH = 26;
const LARGEST_PITCH = 76;
const GAP = 4;

/** Where the cells of the grid stand, in CSS pixels. */
export interface GridMeasures {
  /** The heads that the columns stand for. */
  readonly columns: readonly number[];
  /** From one cell to the next. */
  readonly pitch: number;
  /** Between two cells. */
  readonly gap: number;
  readonly width: number;
  readonly height: number;
}

/** Where the cells stand at a given pitch. A grid that does not fit is scrolled. */
export function measureGrid(shape: GridShape, pitch: number): GridMeasures {
  const columns = columnsOf(shape);
  return { columns, pitch, gap: GAP, width: columns.length * pitch, height: shape.rows.length * pitch };
}

/**
 * The pitch at which the grid fits into a view of some width, next to room for the detail, so that it stays as it is
 * when the detail opens: `detailPart` of the width, from 0 to 1. Weights play no part: nothing moves when they arrive.
 */
export function fittingPitch(shape: GridShape, viewWidth: number, detailPart = 0): number {
  const detail = Math.max(DETAIL, detailPart * viewWidth);
  const room = viewWidth - AXES - (viewWidth < SIDE_BY_SIDE ? 0 : detail);
  const fitting = Math.floor(Math.min(WIDEST, room) / Math.max(1, columnsOf(shape).length));
  return Math.max(SMALLEST_PITCH, Math.min(LARGEST_PITCH, fitting));
}

function columnsOf({ rows }: GridShape): number[] {
  return [...new Set(rows.flatMap(({ heads }) => heads))].sort((a, b) => a - b);
}
