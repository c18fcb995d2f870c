import type { LineGeometry } from "../../core/look/line-geometry";
import type { PixelArea } from "../../core/look/pixel-buffer";
import type { Grain } from "./bands";
import { addToPair, type ColumnPair } from "./column-pair";
import type { Coverage } from "./coverage";
import { type CurvePoint, curveAt } from "./curve";
import { addHaze } from "./haze";
import type { Pixels } from "./pixels";
import type { DrawnHead, Plan } from "./plan";
import { Planes } from "./planes";
import { type RowRange, TouchedRows } from "./rows";

/** Two columns share their haze, and eight the colours of haze. */
const GRAIN: Grain = { columns: 2, rows: 1 };
const COLOR_GRAIN: Grain = { columns: 8, rows: 2 };

/** Strong lines are smoothed if they fall by more than this many pixels from one column to the next. */
const STEEP = 1;

/**
 * Draws many lines with their opacities pixel by pixel, but one colour per square of 2 x 2 pixels, as in a video. This
 * is hardly visible and takes a quarter of the work.
 */
export class CoarseDrawing {
  readonly #plan: Plan;
  readonly #geometry: LineGeometry;
  readonly #halfWidth: number;
  readonly #squares: Planes;
  readonly #pair: ColumnPair;
  readonly #colors: Uint32Array;
  readonly #touched: TouchedRows;
  #rows: RowRange = { top: 0, bottom: 0 };

  constructor(heads: readonly DrawnHead[], plan: Plan, geometry: LineGeometry, halfWidth: number, height: number) {
    this.#plan = plan;
    this.#geometry = geometry;
    this.#halfWidth = halfWidth;
    const half = Math.ceil(height / 2);
    this.#squares = new Planes(heads, half + 2);
    this.#colors = new Uint32Array(half);
    const column = () => new Float64Array(height + 2);
    this.#pair = { left: column(), right: column(), leftRamp: column(), rightRamp: column() };
    this.#touched = new TouchedRows(plan.shown, geometry, halfWidth, COLOR_GRAIN.columns / 2, height);
  }

  draw(pixels: Pixels, { width }: PixelArea): void {
    const { left, right } = this.#geometry;
    const first = Math.max(0, Math.floor(left));
    const last = Math.min(width, Math.ceil(right));
    for (let x = first; x < last; x += 2) {
      if ((x - first) % COLOR_GRAIN.columns === 0) this.#startColors(x);
      this.#drawPair(this.#pointAt(x + 1));
      const { left: one, right: two, leftRamp, rightRamp } = this.#pair;
      pixels.write(x, this.#rows, one, leftRamp, this.#colors, 1, Math.min(x + 1, right) - Math.max(x, left));
      if (x + 1 < last)
        pixels.write(x + 1, this.#rows, two, rightRamp, this.#colors, 1, Math.min(x + 2, right) - x - 1);
    }
  }

  #startColors(x: number): void {
    this.#rows = this.#touched.between(x, x + COLOR_GRAIN.columns);
    const point = this.#pointAt(x + COLOR_GRAIN.columns / 2);
    this.#plan.haze?.heads.forEach((haze, head) => {
      addHaze((this.#squares.hazes[head] as Coverage).fill(0), haze, point, this.#halfWidth, COLOR_GRAIN);
    });
  }

  #drawPair(point: CurvePoint): void {
    const { top, bottom } = this.#rows;
    const { left, right, leftRamp, rightRamp } = this.#pair;
    for (const column of [left, leftRamp, rightRamp]) column.fill(0, top, bottom + 2);
    if (this.#plan.haze) addHaze(left, this.#plan.haze.all, point, this.#halfWidth, GRAIN);
    right.set(left);
    const [start, end] = [top / 2, Math.ceil(bottom / 2)];
    this.#squares.start(start, end + 2);
    const crossing = { ...point, halfWidth: this.#halfWidth };
    this.#plan.edges.forEach(({ strong, faint }, head) => {
      addToPair(this.#pair, this.#squares.heads[head] as Coverage, strong, crossing, STEEP);
      addToPair(this.#pair, this.#squares.heads[head] as Coverage, faint, crossing, Number.POSITIVE_INFINITY);
    });
    this.#squares.mix(this.#colors, start, end);
  }

  #pointAt(x: number): CurvePoint {
    const { left, right } = this.#geometry;
    return curveAt(Math.max(left, Math.min(right, x)), this.#geometry);
  }
}
