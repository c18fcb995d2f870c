import type { LineGeometry, LineStyle } from "../core/lines";
import { writeColumn } from "./blend";
import { addEdges } from "./coverage";
import { curveAt } from "./curve";
import type { Edges } from "./edges";
import { HazeColumns } from "./haze-column";
import type { Area, Picture } from "./picture";
import { type DrawnHead, planStrokes } from "./plan";
import type { Effort } from "./threshold";

const MOST_SAMPLES = 4;

/**
 * Draws the lines of some heads into an empty area of the picture, column after column of pixels. The geometry is
 * measured from the area's corner. Returns how many lines were drawn one by one.
 */
export function drawStrokes(
  picture: Picture,
  area: Area,
  heads: readonly DrawnHead[],
  geometry: LineGeometry,
  style: LineStyle,
  effort: Effort,
): number {
  const { left, right } = geometry;
  const first = Math.max(0, Math.floor(left));
  const last = Math.min(area.width, Math.ceil(right));
  const { strokes, lines } = planStrokes(heads, geometry, style, effort);
  const edges = strokes.map((head) => head.edges);
  const samples = samplesAcross(steepest(edges) / (right - left), effort.all / (lines * (right - left)));
  const length = area.height + 2;
  const coverages = new Float32Array(heads.length * length);
  const colors = heads.map(({ color }) => color);
  const layers = strokes.map(({ edges, haze }, index) => ({
    coverage: coverages.subarray(index * length, (index + 1) * length),
    edges,
    haze: haze && new HazeColumns(haze, geometry, style.halfWidth, length),
  }));
  for (let x = first; x < last; x++) {
    const start = Math.max(x, left);
    const part = Math.min(x + 1, right) - start;
    for (const { coverage, edges, haze } of layers) {
      if (haze) haze.fill(coverage, x, part);
      else coverage.fill(0);
      for (let sample = 0; sample < samples; sample++) {
        const point = curveAt(start + ((sample + 0.5) / samples) * part, geometry);
        addEdges(coverage, edges, point, style.halfWidth, part / samples);
      }
    }
    writeColumn(picture, area, x, coverages, colors);
  }
  return lines;
}

/**
 * How many samples of the lines make one column. A line of that mean slope falls up to 1.5 times as steeply: it is
 * smooth if it falls a pixel or less from sample to sample.
 */
function samplesAcross(slope: number, affordable: number): number {
  return Math.max(1, Math.floor(Math.min(MOST_SAMPLES, Math.ceil(1.5 * slope), affordable)));
}

/** The longest way down or up of any line. */
function steepest(heads: readonly Edges[]): number {
  let most = 0;
  for (const { fall } of heads) for (const drop of fall) most = Math.max(most, Math.abs(drop));
  return most;
}
