import type { GridShape } from "./overviews";

/** The widest grid that is shown without scrolling, in CSS pixels, less its axes. */
const COMFORTABLE_WIDTH = 556;
const SMALLEST_PITCH = 38;
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

/** Depends on the numbers of layers and heads alone, so that nothing moves when weights arrive. */
export function measureGrid({ rows }: GridShape): GridMeasures {
  const columns = [...new Set(rows.flatMap(({ heads }) => heads))].sort((a, b) => a - b);
  const fitting = Math.floor(COMFORTABLE_WIDTH / Math.max(1, columns.length));
  const pitch = Math.max(SMALLEST_PITCH, Math.min(LARGEST_PITCH, fitting));
  return { columns, pitch, gap: GAP, width: columns.length * pitch, height: rows.length * pitch };
}
