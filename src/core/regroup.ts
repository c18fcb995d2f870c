import type { Axis } from "./axis";
import { encoded } from "./codes";
import type { HeadWeights } from "./head-weights";

/** The key on which attention rests that is needed nowhere: the first. Source: Xiao et al. 2023, arXiv:2309.17453. */
export const SINK = 0;

/** As much of an axis as says which positions belong together. */
export type Grouping = Pick<Axis, "groups" | "shownAt">;

/**
 * The weights between groups: summed over keys, their mean over queries. Without the sink, each query's weights are
 * scaled first, so that the others add up to 1. `headscope.excerpts` is the kernel's side of this rule.
 */
export function regrouped(
  { codes, table, numKeys, dtype }: HeadWeights,
  queries: Grouping,
  keys: Grouping,
  isWithoutSink: boolean,
): HeadWeights {
  const columns = keys.groups.length;
  const found = new Float64Array(queries.groups.length * columns);
  queries.groups.forEach((group, row) => {
    const sums = found.subarray(row * columns, (row + 1) * columns);
    for (const query of group) {
      const start = query * numKeys;
      const share = (isWithoutSink ? withoutSink(codes, table, start, numKeys) : 1) / group.length;
      for (let key = 0; key < numKeys; key++) {
        const column = keys.shownAt[key] as number;
        if (column < 0) continue;
        sums[column] = (sums[column] as number) + share * (table[codes[start + key] as number] as number);
      }
    }
  });
  return {
    numQueries: queries.groups.length,
    numKeys: columns,
    ...encoded(found, dtype),
  };
}

/** What makes the weights of a row add up to 1 without the sink; 1 where nothing else has any. */
function withoutSink(codes: HeadWeights["codes"], table: Float32Array, start: number, numKeys: number): number {
  let rest = 0;
  for (let key = 0; key < numKeys; key++) {
    const weight = table[codes[start + key] as number] as number;
    if (key !== SINK && weight > 0) rest += weight;
  }
  return rest > 0 ? 1 / rest : 1;
}

/** Positions that rise, as half-open ranges one after another: `[start, stop, start, stop]`. */
export function rangesOf(positions: readonly number[]): number[] {
  const ranges: number[] = [];
  for (const position of positions) {
    if (ranges.at(-1) === position) ranges[ranges.length - 1] = position + 1;
    else ranges.push(position, position + 1);
  }
  return ranges;
}

/** Groups given as ranges, of an axis of `size` positions. */
export function groupingOf(groups: readonly (readonly number[])[], size: number): Grouping {
  const shownAt = new Int32Array(size).fill(-1);
  const positions = groups.map((ranges, row) => {
    const found: number[] = [];
    for (let at = 0; at < ranges.length; at += 2) {
      for (let position = ranges[at] as number; position < (ranges[at + 1] as number); position++) {
        found.push(position);
        shownAt[position] = row;
      }
    }
    return found;
  });
  return { groups: positions, shownAt };
}
