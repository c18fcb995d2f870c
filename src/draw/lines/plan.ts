import type { LineGeometry, LineStyle, Rgb } from "../../core/look/line-geometry";
import type { HeadWeights } from "../../core/weights/head-weights";
import { collectEdges, type HeadEdges, type ShownPositions, shownPositions } from "./edges";
import { type Haze, hazeOf } from "./haze";
import { addUp, sumHaze } from "./haze-sums";
import { type Effort, splitByWeight } from "./line-budget";
import { stretchesOf } from "./stretches";

/** A head to draw. */
export interface DrawnHead {
  readonly weights: HeadWeights;
  readonly color: Rgb;
}

/** What to draw. */
export interface Plan {
  readonly shown: ShownPositions;
  /** The lines of each head that are drawn one by one, and their total number. */
  readonly edges: readonly HeadEdges[];
  readonly lines: number;
  /** The other lines of each head, and of all heads together; null if there are none. */
  readonly haze: { readonly heads: readonly Haze[]; readonly all: Haze } | null;
}

/** Neighbouring lines share bundles of an eighth of the tokens, or of more if that would cost too much. */
const BUNDLES = 8;

/** Decides how the lines of each head are drawn. */
export function planStrokes(
  heads: readonly DrawnHead[],
  geometry: LineGeometry,
  style: LineStyle,
  effort: Effort,
): Plan {
  const weights = heads.map((head) => head.weights);
  for (const head of weights) checkFit(head, geometry);
  const shown = shownPositions(geometry, style);
  const width = geometry.right - geometry.left;
  const { threshold, counts } = splitByWeight(weights, shown, style.opacity, width, effort);
  return {
    shown,
    edges: weights.map((head, index) =>
      collectEdges(head, counts[index] as number, shown, geometry, style.opacity, threshold),
    ),
    lines: counts.reduce((total, count) => total + count, 0),
    haze: threshold > 0 ? planHaze(weights, shown, geometry, style.opacity, threshold, effort.haze) : null,
  };
}

function planHaze(
  weights: readonly HeadWeights[],
  shown: ShownPositions,
  geometry: LineGeometry,
  opacity: number,
  threshold: number,
  bundles: number,
): Plan["haze"] {
  const [rows, columns] = [shown.queries.length, shown.keys.length];
  const tile = Math.ceil(Math.max(Math.max(rows, columns) / BUNDLES, (weights.length * rows * columns) / bundles));
  const queries = stretchesOf(geometry.queryY, shown.queries, tile);
  const keys = stretchesOf(geometry.keyY, shown.keys, tile);
  const sums = weights.map((head) => sumHaze(head, shown, threshold, tile));
  return {
    heads: sums.map((head) => hazeOf(head, queries, keys, opacity)),
    all: hazeOf(addUp(sums), queries, keys, opacity),
  };
}

function checkFit({ numQueries, numKeys }: HeadWeights, { queryY, keyY }: LineGeometry): void {
  if (queryY.length === numQueries && keyY.length === numKeys) return;
  throw new Error(
    `${numQueries} x ${numKeys} weights can't be drawn between ${queryY.length} queries and ${keyY.length} keys.`,
  );
}
