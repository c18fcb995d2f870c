import type { LineGeometry } from "../core/lines";
import { addStep, type Coverage } from "./coverage";
import { type CurvePoint, curveAt } from "./curve";
import type { Bands, Haze } from "./haze";

/**
 * Haze is smooth: it is computed at every fourth column where lines meet, at every eighth elsewhere, and interpolated
 * between them.
 */
const FINE_STEP = 4;
const STEP = 8;
/** Up to this part of the way down to their other ends, lines count as meeting. */
const MEETING = 0.1;

/** One head's haze in column after column of pixels, from left to right. */
export class HazeColumns {
  readonly #haze: Haze;
  readonly #geometry: LineGeometry;
  readonly #halfWidth: number;
  #before: Coverage;
  #after: Coverage;
  /** The columns that `#before` and `#after` are for. */
  #start = Number.NaN;
  #stop = Number.NaN;

  constructor(haze: Haze, geometry: LineGeometry, halfWidth: number, length: number) {
    this.#haze = haze;
    this.#geometry = geometry;
    this.#halfWidth = halfWidth;
    this.#before = new Float32Array(length);
    this.#after = new Float32Array(length);
  }

  /** Sets the coverage to the haze of the column at `x`, of which lines take the given part. */
  fill(coverage: Coverage, x: number, part: number): void {
    if (!(x < this.#stop)) this.#advance(x);
    const before = this.#before;
    const after = this.#after;
    const far = ((x - this.#start) / (this.#stop - this.#start)) * part;
    const near = part - far;
    for (let y = 0; y < coverage.length; y++) {
      coverage[y] = near * (before[y] as number) + far * (after[y] as number);
    }
  }

  #advance(x: number): void {
    if (x === this.#stop) [this.#before, this.#after] = [this.#after, this.#before];
    else this.#sample(this.#before, x);
    const { fraction } = this.#pointAt(x);
    this.#start = x;
    this.#stop = x + (Math.abs(fraction - 0.5) > 0.5 - MEETING ? FINE_STEP : STEP);
    this.#sample(this.#after, this.#stop);
  }

  #sample(column: Coverage, x: number): void {
    column.fill(0);
    const { fraction, slope } = this.#pointAt(x);
    if (fraction < 0.5) addBands(column, this.#haze.fromQueries, fraction, slope, this.#halfWidth);
    else addBands(column, this.#haze.toKeys, 1 - fraction, slope, this.#halfWidth);
  }

  /** The point of the curves in the middle of a column, or at their end for a column beyond it. */
  #pointAt(x: number): CurvePoint {
    const { left, right } = this.#geometry;
    return curveAt(Math.min(right, Math.max(left, x + 0.5)), this.#geometry);
  }
}

/** Adds bundles of lines. `fraction` is 0 at their shared ends and 1 where they are spread out. */
function addBands(coverage: Coverage, bands: Bands, fraction: number, slope: number, halfWidth: number): void {
  const { point, fall, spread, opacity } = bands;
  const bottom = coverage.length - 2;
  for (let index = 0; index < point.length; index++) {
    const drop = fall[index] as number;
    const y = (point[index] as number) + fraction * drop;
    const half = halfWidth * Math.sqrt(1 + slope * slope * drop * drop);
    const reach = half + fraction * (spread[index] as number);
    // Where the lines spread, each pixel gets less of them.
    const amount = ((opacity[index] as number) * half) / reach;
    addStep(coverage, bottom, y - reach, amount);
    addStep(coverage, bottom, y + reach, -amount);
  }
}
