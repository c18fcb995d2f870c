import type { HeadWeights } from "../core/head-weights";
import type { LineGeometry, LineStyle } from "../core/lines";
import { writeColumn } from "./blend";
import { addEdges } from "./coverage";
import { curveAt } from "./curve";
import { collectEdges, type Edges, shownPositions } from "./edges";
import { hazeOf } from "./haze";
import { HazeColumns } from "./haze-column";
import type { DrawnHead } from "./lines";
import type { Area, Picture } from "./picture";
import { type Effort, splitByWeight } from "./threshold";

/** What is drawn of one head. */
interface Strokes {
  readonly edges: Edges;
  readonly haze: HazeColumns | null;
}

/** Draws the lines of some heads over an empty area of the picture; the geometry is measured from the area's corner. */
export function drawStrokes(
  picture: Picture,
  area: Area,
  heads: readonly DrawnHead[],
  geometry: LineGeometry,
  style: LineStyle,
  effort: Effort,
): number {
  const first = Math.max(0, Math.floor(geometry.left));
  const last = Math.min(area.width, Math.ceil(geometry.right));
  if (!(first < last) || area.height < 1) return 0;
  const { strokes, lines } = plan(area, heads, geometry, style, effort);
  const samples = samplesAcross(area.height / (last - first), effort.all / (lines * (last - first)));
  const length = area.height + 2;
  const coverages = new Float32Array(heads.length * length);
  const colors = heads.map(({ color }) => color);
  for (let x = first; x < last; x++) {
    const from = Math.max(x, geometry.left);
    const part = Math.min(x + 1, geometry.right) - from;
    strokes.forEach(({ edges, haze }, index) => {
      const coverage = coverages.subarray(index * length, (index + 1) * length);
      if (haze) haze.fill(coverage, x, part);
      else coverage.fill(0);
      for (let sample = 0; sample < samples; sample++) {
        const point = curveAt(from + ((sample + 0.5) / samples) * part, geometry);
        addEdges(coverage, edges, point, style.halfWidth, part / samples);
      }
    });
    writeColumn(picture, area, x, coverages, colors);
  }
  return lines;
}

/**
 * How many samples of the lines make one column. A line falls up to 1.5 times as steeply as a straight one from corner
 * to corner: it is smooth if it falls less than a pixel or so from sample to sample.
 */
function samplesAcross(steepness: number, affordable: number): number {
  return Math.max(1, Math.floor(Math.min(MOST_SAMPLES, Math.ceil(1.5 * steepness), affordable)));
}

const MOST_SAMPLES = 4;

/** Neighbouring lines share bundles of a sixteenth of the tokens, or of more where that would cost too much. */
const BUNDLES = 16;

function plan(
  area: Area,
  heads: readonly DrawnHead[],
  geometry: LineGeometry,
  style: LineStyle,
  effort: Effort,
): { strokes: Strokes[]; lines: number } {
  const shown = shownPositions(geometry, style);
  const weights = heads.map((head) => head.weights);
  const { threshold, counts } = splitByWeight(weights, shown, style.opacity, geometry.right - geometry.left, effort);
  const [rows, columns] = [shown.queries.length, shown.keys.length];
  const tile = Math.ceil(Math.max(Math.max(rows, columns) / BUNDLES, (heads.length * rows * columns) / effort.haze));
  const haze = (head: HeadWeights) => hazeOf(head, shown, geometry, style.opacity, threshold, tile);
  const strokes = weights.map((head, index) => ({
    edges: collectEdges(head, counts[index] as number, shown, geometry, style, threshold),
    haze: threshold > 0 ? new HazeColumns(haze(head), geometry, style.halfWidth, area.height + 2) : null,
  }));
  return { strokes, lines: counts.reduce((total, count) => total + count, 0) };
}
