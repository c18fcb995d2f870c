/**
 * How much more opaque each pixel of a column is than the one above it, kept as differences: the running sum of the
 * running sum up to a pixel is its opacity. Two entries follow the last pixel's.
 *
 * A line that falls by several pixels within the column covers less and less of the pixels above and below it, which
 * takes but four bends.
 */
export type Ramp = Float64Array;

/** From y on, opacity rises by `rise` a pixel more than before. */
export function addBend(ramp: Ramp, y: number, rise: number): void {
  // A pixel has the opacity of its middle; a bend between two middles is shared by both.
  const middle = y + 0.5;
  const row = middle | 0;
  const below = rise * (middle - row);
  ramp[row] = (ramp[row] as number) + rise - below;
  ramp[row + 1] = (ramp[row + 1] as number) + below;
}
