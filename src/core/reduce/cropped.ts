import type { Span } from "../look/viewport";
import type { HeadWeights } from "../weights/head-weights";

/** Half-open ranges of rows and columns. */
export interface MapRanges {
  readonly queries: Span;
  readonly keys: Span;
}

/** The weights within some ranges; the same object if that is all of them. */
export function cropped(weights: HeadWeights, { queries, keys }: MapRanges): HeadWeights {
  const { numQueries, numKeys, codes } = weights;
  const [first, stop] = within(queries, numQueries);
  const [from, to] = within(keys, numKeys);
  if (first === 0 && stop === numQueries && from === 0 && to === numKeys) return weights;
  const [height, width] = [stop - first, to - from];
  const kept = codes.slice(0, height * width);
  for (let row = 0; row < height; row++) {
    const start = (first + row) * numKeys;
    kept.set(codes.subarray(start + from, start + to), row * width);
  }
  return { ...weights, numQueries: height, numKeys: width, codes: kept };
}

/** The same ranges on axes of other sizes, where a bin stands for several positions. They get at least one bin. */
export function scaledRanges(
  { queries, keys }: MapRanges,
  from: readonly [number, number],
  to: readonly [number, number],
): MapRanges {
  const scaled = ([start, stop]: Span, before: number, after: number): Span => {
    if (stop <= start || before === 0) return [0, 0];
    return [Math.floor((start * after) / before), Math.ceil((stop * after) / before)];
  };
  return { queries: scaled(queries, from[0], to[0]), keys: scaled(keys, from[1], to[1]) };
}

function within([start, stop]: Span, count: number): Span {
  const first = Math.max(0, Math.min(start, count));
  return [first, Math.max(first, Math.min(stop, count))];
}
