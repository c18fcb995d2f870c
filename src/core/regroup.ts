import type { Dtype } from "../contract.gen";
import type { Axis } from "./axis";
import { encoded } from "./codes";
import { ExcerptSums, SINK } from "./excerpt-sums";
import type { HeadWeights } from "./head-weights";

export { SINK };

/** As much of an axis as says which positions belong together. */
export type Grouping = Pick<Axis, "groups" | "shownAt">;

/** The weights between groups of a head that is all here: see `ExcerptSums`. */
export function regrouped(
  weights: HeadWeights,
  queries: Grouping,
  keys: Grouping,
  isWithoutSink: boolean,
): HeadWeights {
  const { codes, table, numKeys, dtype } = weights;
  const sums = new ExcerptSums(queries, keys, isWithoutSink);
  const row = new Float32Array(numKeys);
  queries.groups.forEach((group, at) => {
    for (const query of group) {
      for (let key = 0; key < numKeys; key++) row[key] = table[codes[query * numKeys + key] as number] as number;
      sums.add(at, row, 0, 0, numKeys);
    }
  });
  return excerptOf(sums, dtype);
}

/** An excerpt as views take it; `from` says what its weights were computed from. */
export function excerptOf({ values, queries, keys }: ExcerptSums, from?: Dtype): HeadWeights {
  return { numQueries: queries.groups.length, numKeys: keys.groups.length, ...encoded(values, from) };
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

/** Groups given as ranges, of an axis of `size` positions. Throws a sentence for people unless the ranges rise. */
export function groupingOf(groups: readonly (readonly number[])[], size: number): Grouping {
  const ends = groups.flat();
  const isWrong = groups.some((ranges) => ranges.length === 0 || ranges.length % 2 !== 0);
  if (isWrong || ends.some((end, at) => !isInOrder(end, ends[at - 1] ?? 0, at % 2 === 1, size))) {
    throw new Error(`Groups of tokens are ranges that rise, within 0 to ${size}; these are not.`);
  }
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

/** A range starts where the one before has stopped, or later, and has a position at least. */
function isInOrder(end: number, before: number, isStop: boolean, size: number): boolean {
  return Number.isInteger(end) && (isStop ? end > before : end >= before) && end <= size;
}
