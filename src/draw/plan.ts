import type { HeadWeights } from "../core/head-weights";
import type { LineGeometry, LineStyle, Rgb } from "../core/lines";
import { collectEdges, type HeadEdges, shownPositions } from "./edges";
import { type Haze, hazeOf } from "./haze";
import { type Effort, splitByWeight } from "./threshold";

/** A head to draw. */
export interface DrawnHead {
  readonly weights: HeadWeights;
  readonly color: Rgb;
}

/** What is drawn of one head. */
export interface Strokes {
  readonly edges: HeadEdges;
  /** Null where every line is drawn one by one. */
  readonly haze: Haze | null;
}

/** Neighbouring lines share bundles of a sixteenth of the tokens, or of more where that would cost too much. */
const BUNDLES = 16;

/** Decides what is drawn of each head, and counts the lines that are drawn one by one. */
export function planStrokes(
  heads: readonly DrawnHead[],
  geometry: LineGeometry,
  style: LineStyle,
  effort: Effort,
): { strokes: Strokes[]; lines: number } {
  const weights = heads.map((head) => head.weights);
  for (const head of weights) checkFit(head, geometry);
  const shown = shownPositions(geometry, style);
  const { threshold, counts } = splitByWeight(weights, shown, style.opacity, geometry.right - geometry.left, effort);
  const [rows, columns] = [shown.queries.length, shown.keys.length];
  const tile = Math.ceil(Math.max(Math.max(rows, columns) / BUNDLES, (heads.length * rows * columns) / effort.haze));
  const strokes = weights.map((head, index) => ({
    edges: collectEdges(head, counts[index] as number, shown, geometry, style.opacity, threshold),
    haze: threshold > 0 ? hazeOf(head, shown, geometry, style.opacity, threshold, tile) : null,
  }));
  return { strokes, lines: counts.reduce((total, count) => total + count, 0) };
}

function checkFit({ numQueries, numKeys }: HeadWeights, { queryY, keyY }: LineGeometry): void {
  if (queryY.length === numQueries && keyY.length === numKeys) return;
  throw new Error(
    `${numQueries} x ${numKeys} weights can't be drawn between ${queryY.length} queries and ${keyY.length} keys.`,
  );
}
