import type { LineGeometry, LineStyle } from "../../core/look/line-geometry";
import type { HeadWeights } from "../../core/weights/head-weights";

/** The positions between which lines are drawn. */
export interface ShownPositions {
  readonly queries: Int32Array;
  readonly keys: Int32Array;
}

/** The lines of one head that are drawn one by one, as columns of a table. */
export interface Edges {
  /** The y where each line starts, how far it falls, and its opacity. */
  readonly start: Float64Array;
  readonly fall: Float64Array;
  readonly opacity: Float64Array;
}

export function shownPositions(geometry: LineGeometry, style: LineStyle): ShownPositions {
  return { queries: positions(geometry.queryY, style.query), keys: positions(geometry.keyY, style.key) };
}

function positions(y: Float32Array, only: number | null): Int32Array {
  const shown: number[] = [];
  y.forEach((value, position) => {
    if (Number.isFinite(value) && (only === null || only === position)) shown.push(position);
  });
  return Int32Array.from(shown);
}

/** The lines of one head, split into strong and faint ones. */
export interface HeadEdges {
  readonly strong: Edges;
  readonly faint: Edges;
}

/** The least opacity of a strong line, which must look smooth on its own. */
const STRONG = 1 / 32;

/** Collects the `count` lines of one head whose weight is positive and at least `threshold`. */
export function collectEdges(
  weights: HeadWeights,
  count: number,
  shown: ShownPositions,
  geometry: LineGeometry,
  opacity: number,
  threshold: number,
): HeadEdges {
  const { codes, table, numKeys } = weights;
  const { keyY, queryY } = geometry;
  const edges = { start: new Float64Array(count), fall: new Float64Array(count), opacity: new Float64Array(count) };
  let strong = 0;
  let faint = count;
  for (const query of shown.queries) {
    const y = queryY[query] as number;
    const row = query * numKeys;
    for (let position = 0; position < shown.keys.length; position++) {
      const key = shown.keys[position] as number;
      const weight = table[codes[row + key] as number] as number;
      if (!(weight > 0 && weight >= threshold)) continue;
      const lineOpacity = Math.min(1, weight * opacity);
      const index = lineOpacity < STRONG ? --faint : strong++;
      edges.start[index] = y;
      edges.fall[index] = (keyY[key] as number) - y;
      edges.opacity[index] = lineOpacity;
    }
  }
  return { strong: part(edges, 0, strong), faint: part(edges, strong, count) };
}

function part({ start, fall, opacity }: Edges, from: number, to: number): Edges {
  return { start: start.subarray(from, to), fall: fall.subarray(from, to), opacity: opacity.subarray(from, to) };
}
