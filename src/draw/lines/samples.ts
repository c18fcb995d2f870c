import type { Edges } from "./edges";

const MAX_SAMPLES = 3;

/**
 * The number of samples per column of pixels for some lines, in a picture of the given width: as many as the steepest
 * line needs, and as `effort`, in lines times columns, allows.
 * A curve is up to 1.5 times as steep as the straight line between its ends. It is smooth if it falls by at most a
 * pixel between samples.
 */
export function samplesFor(heads: readonly Edges[], width: number, effort: number): number {
  let lines = 0;
  let steepest = 0;
  for (const { fall } of heads) {
    lines += fall.length;
    for (const drop of fall) steepest = Math.max(steepest, Math.abs(drop));
  }
  const wanted = Math.min(MAX_SAMPLES, Math.ceil((1.5 * steepest) / width));
  return Math.max(1, Math.floor(Math.min(wanted, effort / (lines * width))));
}
