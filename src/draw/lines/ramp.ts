/**
 * How much more opaque each pixel of a column is than the one above it, stored as differences: the opacity of a pixel
 * is the running sum of the running sum up to it. Two more entries follow that of the last pixel.
 * A line that falls by several pixels within the column covers less and less of the pixels above and below it, which
 * takes only four bends.
 */
export type Ramp = Float64Array;

/** From y on, opacity rises by `rise` more per pixel than before. */
export function addBend(ramp: Ramp, y: number, rise: number): void {
  // A pixel has the opacity at its middle, so two pixels share a bend between their middles.
  const middle = y + 0.5;
  const row = middle | 0;
  const below = rise * (middle - row);
  ramp[row] = (ramp[row] as number) + rise - below;
  ramp[row + 1] = (ramp[row + 1] as number) + below;
}
