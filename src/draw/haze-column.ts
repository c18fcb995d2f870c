import type { LineGeometry } from "../core/lines";
import { addStep, type Coverage } from "./coverage";
import { curveAt } from "./curve";
import type { Bands, Haze } from "./haze";

/** Haze is smooth: it is computed at every fourth column and interpolated between them. */
const STEP = 4;

/** One head's haze in column after column of pixels, from left to right. */
export class HazeColumns {
  private before: Coverage;
  private after: Coverage;
  /** The columns that `before` and `after` are for. */
  private start = Number.NaN;
  private stop = Number.NaN;

  constructor(
    private readonly haze: Haze,
    private readonly geometry: LineGeometry,
    private readonly halfWidth: number,
    length: number,
  ) {
    this.before = new Float32Array(length);
    this.after = new Float32Array(length);
  }

  /** Sets the coverage to the haze of the column at `x`, of which lines take the given part. */
  fill(coverage: Coverage, x: number, part: number): void {
    if (!(x < this.stop)) this.advance(x);
    const { before, after } = this;
    const far = ((x - this.start) / STEP) * part;
    const near = part - far;
    for (let y = 0; y < coverage.length; y++) {
      coverage[y] = near * (before[y] as number) + far * (after[y] as number);
    }
  }

  private advance(x: number): void {
    if (x === this.stop) [this.before, this.after] = [this.after, this.before];
    else this.sample(this.before, x);
    this.sample(this.after, x + STEP);
    this.start = x;
    this.stop = x + STEP;
  }

  private sample(column: Coverage, x: number): void {
    column.fill(0);
    const { left, right } = this.geometry;
    const { fraction, slope } = curveAt(Math.min(right, Math.max(left, x + 0.5)), this.geometry);
    if (fraction < 0.5) addBands(column, this.haze.fromQueries, fraction, slope, this.halfWidth);
    else addBands(column, this.haze.toKeys, 1 - fraction, slope, this.halfWidth);
  }
}

/** Adds bundles of lines. `fraction` is 0 at their shared ends and 1 where they are spread out. */
function addBands(coverage: Coverage, bands: Bands, fraction: number, slope: number, halfWidth: number): void {
  const { point, low, high, opacity } = bands;
  const bottom = coverage.length - 2;
  for (let index = 0; index < point.length; index++) {
    const y = point[index] as number;
    const bandLow = low[index] as number;
    const bandHigh = high[index] as number;
    const angle = (slope * (bandLow + bandHigh)) / 2;
    const half = halfWidth * Math.sqrt(1 + angle * angle);
    const spread = fraction * (bandHigh - bandLow);
    // Where the lines spread, each pixel gets less of them.
    const amount = ((opacity[index] as number) * 2 * half) / (2 * half + spread);
    const top = y + fraction * bandLow - half;
    addStep(coverage, bottom, top, amount);
    addStep(coverage, bottom, top + 2 * half + spread, -amount);
  }
}
