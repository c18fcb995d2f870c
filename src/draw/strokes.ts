import type { LineGeometry, LineStyle } from "../core/lines";
import { writeColumn } from "./blend";
import { addEdges, type Coverage } from "./coverage";
import { curveAt } from "./curve";
import type { Edges } from "./edges";
import { HazeColumns } from "./haze-column";
import type { Area, Picture } from "./picture";
import { type DrawnHead, planStrokes } from "./plan";
import { samplesFor } from "./samples";
import type { Effort } from "./threshold";

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
  const { strokes, lines } = planStrokes(heads, geometry, style, effort);
  const [strong, faint] = [strokes.map(({ edges }) => edges.strong), strokes.map(({ edges }) => edges.faint)];
  const strongSamples = samplesFor(strong, right - left, effort.all);
  const faintSamples = samplesFor(faint, right - left, effort.all / 4);
  const length = area.height + 2;
  const coverages = new Float32Array(heads.length * length);
  const colors = heads.map(({ color }) => color);
  const layers = strokes.map(({ edges, haze }, index) => ({
    coverage: coverages.subarray(index * length, (index + 1) * length),
    edges,
    haze: haze && new HazeColumns(haze, geometry, style.halfWidth, length),
  }));
  for (let x = Math.max(0, Math.floor(left)); x < Math.min(area.width, Math.ceil(right)); x++) {
    const column = { start: Math.max(x, left), width: Math.min(x + 1, right) - Math.max(x, left) };
    for (const { coverage, edges, haze } of layers) {
      if (haze) haze.fill(coverage, x, column.width);
      else coverage.fill(0);
      addSamples(coverage, edges.strong, geometry, column, style.halfWidth, strongSamples);
      addSamples(coverage, edges.faint, geometry, column, style.halfWidth, faintSamples);
    }
    writeColumn(picture, area, x, coverages, colors);
  }
  return lines;
}

function addSamples(
  coverage: Coverage,
  edges: Edges,
  geometry: LineGeometry,
  column: { start: number; width: number },
  halfWidth: number,
  samples: number,
): void {
  for (let sample = 0; sample < samples; sample++) {
    const point = curveAt(column.start + ((sample + 0.5) / samples) * column.width, geometry);
    addEdges(coverage, edges, point, halfWidth, column.width / samples);
  }
}
