import type { LineGeometry } from "../../core/look/line-geometry";
import { curveAt } from "./curve";
import type { ShownPositions } from "./edges";

/** A half-open range of rows of pixels. */
export interface RowRange {
  readonly top: number;
  readonly bottom: number;
}

/** The range from the uppermost to the lowest of some tokens. */
export function rowsOf(y: Float32Array, positions: Int32Array): RowRange {
  let [top, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const position of positions) {
    top = Math.min(top, y[position] as number);
    bottom = Math.max(bottom, y[position] as number);
  }
  return { top, bottom };
}

/** Finds the rows of a picture that the lines between shown tokens can touch. */
export class TouchedRows {
  readonly #geometry: LineGeometry;
  readonly #height: number;
  readonly #query: RowRange;
  readonly #key: RowRange;
  /** How far lines extend beyond the middles of the outermost ones. */
  readonly #margin: number;

  /** Lines are blurred over the height that they fall in `blur` columns. */
  constructor(shown: ShownPositions, geometry: LineGeometry, halfWidth: number, blur: number, height: number) {
    this.#geometry = geometry;
    this.#height = height;
    this.#query = rowsOf(geometry.queryY, shown.queries);
    this.#key = rowsOf(geometry.keyY, shown.keys);
    const fall = Math.max(this.#key.bottom - this.#query.top, this.#query.bottom - this.#key.top);
    const steepness = fall * curveAt((geometry.left + geometry.right) / 2, geometry).slope;
    // One row of pixels for rounding, and at least half a row of tokens for bundles of lines.
    const row = Math.max(spacing(this.#query, shown.queries), spacing(this.#key, shown.keys));
    this.#margin = halfWidth * (1 + steepness) + blur * steepness + row + 2;
  }

  /** The even-numbered rows that contain all lines in the columns from `from` to `to`. */
  between(from: number, to: number): RowRange {
    const [one, other] = [this.#rowsAt(from), this.#rowsAt(to)];
    const within = (y: number) => Math.max(0, Math.min(this.#height, y));
    return {
      top: within(2 * Math.floor((Math.min(one.top, other.top) - this.#margin) / 2)),
      bottom: within(2 * Math.ceil((Math.max(one.bottom, other.bottom) + this.#margin) / 2)),
    };
  }

  #rowsAt(x: number): RowRange {
    const { left, right } = this.#geometry;
    const { fraction } = curveAt(Math.max(left, Math.min(right, x)), this.#geometry);
    const at = (side: keyof RowRange) => this.#query[side] + fraction * (this.#key[side] - this.#query[side]);
    return { top: at("top"), bottom: at("bottom") };
  }
}

function spacing({ top, bottom }: RowRange, positions: Int32Array): number {
  return positions.length < 2 ? 0 : (bottom - top) / (positions.length - 1);
}
