import { addInside, addStretch, type Coverage } from "./coverage";
import type { Edges } from "./edges";
import { addBend, type Ramp } from "./ramp";

/** Two neighbouring columns of pixels. */
export interface ColumnPair {
  readonly left: Coverage;
  readonly right: Coverage;
  readonly leftRamp: Ramp;
  readonly rightRamp: Ramp;
}

/** Where lines cross from the left to the right column. */
export interface Crossing {
  readonly fraction: number;
  readonly slope: number;
  readonly halfWidth: number;
}

/**
 * Adds lines to two columns of pixels, and to squares of 2 x 2 pixels, over which each line is spread evenly.
 * Lines that fall by more than `steep` pixels from one column to the next get smooth edges. All of this is one loop for
 * speed: a call with numbers that V8 cannot inline costs more than the rest.
 */
export function addToPair(pair: ColumnPair, squares: Coverage, edges: Edges, crossing: Crossing, steep: number): void {
  const { left, right, leftRamp, rightRamp } = pair;
  const { start, fall, opacity } = edges;
  const { fraction, slope, halfWidth } = crossing;
  const bottom = left.length - 2;
  for (let index = 0; index < start.length; index++) {
    const drop = fall[index] as number;
    const amount = opacity[index] as number;
    const y = (start[index] as number) + fraction * drop;
    const steepness = slope * drop;
    const half = halfWidth * Math.sqrt(1 + steepness * steepness);
    const reach = half + Math.abs(steepness);
    const spread = (amount * half) / reach;
    if (y < reach || y + reach > bottom) {
      addStretch(squares, (y - reach) / 2, (y + reach) / 2, spread);
      addStretch(left, y - steepness / 2 - half, y - steepness / 2 + half, amount);
      addStretch(right, y + steepness / 2 - half, y + steepness / 2 + half, amount);
      continue;
    }
    addInside(squares, (y - reach) / 2, (y + reach) / 2, spread);
    if (Math.abs(steepness) <= steep) {
      addInside(left, y - steepness / 2 - half, y - steepness / 2 + half, amount);
      addInside(right, y + steepness / 2 - half, y + steepness / 2 + half, amount);
    } else {
      const rise = amount / steepness;
      addBend(leftRamp, y - half - steepness, rise);
      addBend(leftRamp, y - half, -rise);
      addBend(leftRamp, y + half - steepness, -rise);
      addBend(leftRamp, y + half, rise);
      addBend(rightRamp, y - half, rise);
      addBend(rightRamp, y - half + steepness, -rise);
      addBend(rightRamp, y + half, -rise);
      addBend(rightRamp, y + half + steepness, rise);
    }
  }
}
