import type { Rgb } from "../../core/look/line-geometry";

/** Rows are mixed in groups whose sums fit into a processor's fastest cache. */
const ROWS = 256;

/**
 * The sums over the heads for each row: of the fourth powers of their opacities, and of these times red, green and
 * blue.
 */
const SUMS = 4;

/** Four heads are added at once, which saves reading and writing the sums for each of them. */
const AT_ONCE = 4;

/** A lower sum is a rounding error of opacities that were added and subtracted. */
const NOTHING = 1e-20;

/**
 * Mixes the colours of heads. The mean is weighted by the fourth power of their opacities, so that a strong head keeps
 * its own colour among faint ones.
 */
export class Mixer {
  /** The number of heads, rounded up to a multiple of four. The additional heads must have no opacity. */
  readonly width: number;
  /** Red, green and blue of each head. */
  readonly #channels: Float64Array;
  readonly #opacities: Float64Array;
  /** The colour, if there is only one. */
  readonly #only: number | null;
  readonly #sums = new Float64Array(SUMS * ROWS);

  constructor(colors: readonly Rgb[]) {
    this.width = AT_ONCE * Math.ceil(colors.length / AT_ONCE);
    this.#channels = new Float64Array(3 * this.width);
    this.#channels.set(colors.flat());
    const [red, green, blue] = colors[0] ?? [0, 0, 0];
    this.#only = colors.length === 1 ? red | (green << 8) | (blue << 16) : null;
    this.#opacities = new Float64Array(this.width);
  }

  /** Sets the rows from `top` to `end`, given coverages that are `length` entries apart. */
  mix(colors: Uint32Array, coverages: Float64Array, length: number, top: number, end: number): void {
    if (this.#only !== null) {
      colors.fill(this.#only, top, end);
      return;
    }
    const opacities = this.#opacities.fill(0);
    const sums = this.#sums;
    for (let row = top; row < end; row += ROWS) {
      const rows = Math.min(ROWS, end - row);
      sums.fill(0);
      for (let head = 0; head < this.width; head += AT_ONCE) {
        addFour(sums, rows, coverages, head * length + row, length, this.#channels, opacities, head);
      }
      divide(colors, row, sums, rows);
    }
  }
}

/**
 * Adds rows of four heads. `first` is the first entry of the first head, and `opacities` holds the heads' opacities in
 * the row above.
 */
function addFour(
  sums: Float64Array,
  rows: number,
  coverages: Float64Array,
  first: number,
  length: number,
  channels: Float64Array,
  opacities: Float64Array,
  head: number,
): void {
  const [second, third, fourth] = [first + length, first + 2 * length, first + 3 * length];
  const red0 = channels[head * 3] as number;
  const green0 = channels[head * 3 + 1] as number;
  const blue0 = channels[head * 3 + 2] as number;
  const red1 = channels[head * 3 + 3] as number;
  const green1 = channels[head * 3 + 4] as number;
  const blue1 = channels[head * 3 + 5] as number;
  const red2 = channels[head * 3 + 6] as number;
  const green2 = channels[head * 3 + 7] as number;
  const blue2 = channels[head * 3 + 8] as number;
  const red3 = channels[head * 3 + 9] as number;
  const green3 = channels[head * 3 + 10] as number;
  const blue3 = channels[head * 3 + 11] as number;
  let opacity0 = opacities[head] as number;
  let opacity1 = opacities[head + 1] as number;
  let opacity2 = opacities[head + 2] as number;
  let opacity3 = opacities[head + 3] as number;
  for (let row = 0, at = 0; row < rows; row++, at += SUMS) {
    opacity0 += coverages[first + row] as number;
    opacity1 += coverages[second + row] as number;
    opacity2 += coverages[third + row] as number;
    opacity3 += coverages[fourth + row] as number;
    let weight0 = opacity0 * opacity0;
    let weight1 = opacity1 * opacity1;
    let weight2 = opacity2 * opacity2;
    let weight3 = opacity3 * opacity3;
    weight0 *= weight0;
    weight1 *= weight1;
    weight2 *= weight2;
    weight3 *= weight3;
    sums[at] = (sums[at] as number) + weight0 + weight1 + weight2 + weight3;
    sums[at + 1] = (sums[at + 1] as number) + weight0 * red0 + weight1 * red1 + weight2 * red2 + weight3 * red3;
    sums[at + 2] = (sums[at + 2] as number) + weight0 * green0 + weight1 * green1 + weight2 * green2 + weight3 * green3;
    sums[at + 3] = (sums[at + 3] as number) + weight0 * blue0 + weight1 * blue1 + weight2 * blue2 + weight3 * blue3;
  }
  opacities[head] = opacity0;
  opacities[head + 1] = opacity1;
  opacities[head + 2] = opacity2;
  opacities[head + 3] = opacity3;
}

function divide(colors: Uint32Array, first: number, sums: Float64Array, rows: number): void {
  for (let row = 0, at = 0; row < rows; row++, at += SUMS) {
    const weight = sums[at] as number;
    if (weight < NOTHING) continue;
    const red = (sums[at + 1] as number) / weight + 0.5;
    const green = (sums[at + 2] as number) / weight + 0.5;
    const blue = (sums[at + 3] as number) / weight + 0.5;
    colors[first + row] = red | (green << 8) | (blue << 16);
  }
}
