/** The colour of a mark: red, green and blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Where tokens are in a picture, in pixels of the image. */
export interface LineGeometry {
  /** The middle of each query's row; NaN for a query that is not shown. */
  readonly queryY: Float32Array;
  /** The middle of each key's row; NaN for a key that is not shown. */
  readonly keyY: Float32Array;
  /** The x where lines leave the queries, and where they reach the keys. */
  readonly left: number;
  readonly right: number;
  /** Whether lines are straight instead of leaving tokens horizontally, as in pictures too small for a bend. */
  readonly isStraight?: boolean;
}

/** Which lines of which heads to draw. */
export interface LineStyle {
  /** A line's opacity is its weight times this. */
  readonly opacity: number;
  /** Half the stroke's width in pixels. */
  readonly halfWidth: number;
  /** Draw only the lines of this query; null: those of all. */
  readonly query: number | null;
  readonly key: number | null;
}
