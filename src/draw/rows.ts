import type { LineGeometry } from "../core/lines";
import { curveAt } from "./curve";
import type { Shown } from "./edges";

/** Rows of pixels from `top` up to, but without, `bottom`. */
export interface Rows {
  readonly top: number;
  readonly bottom: number;
}

/** The height from the uppermost to the lowest of some tokens. */
export function rowsOf(y: Float32Array, positions: Int32Array): Rows {
  let [top, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const position of positions) {
    top = Math.min(top, y[position] as number);
    bottom = Math.max(bottom, y[position] as number);
  }
  return { top, bottom };
}

/** Tells which rows of a picture the lines between shown tokens can touch. */
export class TouchedRows {
  readonly #geometry: LineGeometry;
  readonly #height: number;
  readonly #query: Rows;
  readonly #key: Rows;
  /** How far lines reach beyond the middles of the outermost. */
  readonly #margin: number;

  /** Lines are blurred as far as they fall in `blur` columns. */
  constructor(shown: Shown, geometry: LineGeometry, halfWidth: number, blur: number, height: number) {
    this.#geometry = geometry;
    this.#height = height;
    this.#query = rowsOf(geometry.queryY, shown.queries);
    this.#key = rowsOf(geometry.keyY, shown.keys);
    const fall = Math.max(this.#key.bottom - this.#query.top, this.#query.bottom - this.#key.top);
    const steepness = fall * curveAt((geometry.left + geometry.right) / 2, geometry).slope;
    // A row of pixels for what rounding does, and half a row of tokens or more for bundles of lines.
    const row = Math.max(spacing(this.#query, shown.queries), spacing(this.#key, shown.keys));
    this.#margin = halfWidth * (1 + steepness) + blur * steepness + row + 2;
  }

  /** Even rows that hold all lines in the columns from `from` to `to`. */
  between(from: number, to: number): Rows {
    const [one, other] = [this.#rowsAt(from), this.#rowsAt(to)];
    const within = (y: number) => Math.max(0, Math.min(this.#height, y));
    return {
      top: within(2 * Math.floor((Math.min(one.top, other.top) - this.#margin) / 2)),
      bottom: within(2 * Math.ceil((Math.max(one.bottom, other.bottom) + this.#margin) / 2)),
    };
  }

  #rowsAt(x: number): Rows {
    const { left, right } = this.#geometry;
    const { fraction } = curveAt(Math.max(left, Math.min(right, x)), this.#geometry);
    const at = (side: keyof Rows) => this.#query[side] + fraction * (this.#key[side] - this.#query[side]);
    return { top: at("top"), bottom: at("bottom") };
  }
}

function spacing({ top, bottom }: Rows, positions: Int32Array): number {
  return positions.length < 2 ? 0 : (bottom - top) / (positions.length - 1);
}
