import type { Dtype } from "../../contract.gen";
import { encodeWeights, type HeadWeights } from "../weights/head-weights";
import type { Grouping } from "./axis";
import { ExcerptSums } from "./excerpt-sums";

/** The weights between groups, computed from a head that is in memory: see `ExcerptSums` for `without` and `edges`. */
export function groupTokens(
  weights: HeadWeights,
  queries: Grouping,
  keys: Grouping,
  without: readonly number[],
  edges?: readonly number[],
): HeadWeights {
  const { codes, table, numKeys, dtype } = weights;
  const sums = new ExcerptSums(queries, keys, without, edges);
  const row = new Float32Array(numKeys);
  queries.groups.forEach((group, at) => {
    for (const query of group) {
      for (let key = 0; key < numKeys; key++) row[key] = table[codes[query * numKeys + key] as number] as number;
      sums.add(at, row, 0, 0, numKeys);
    }
  });
  return excerptOf(sums, dtype);
}

/** An excerpt as encoded weights; `from` is the encoding of the weights from which it was computed. */
export function excerptOf({ values, queries, keys }: ExcerptSums, from?: Dtype): HeadWeights {
  return { numQueries: queries.groups.length, numKeys: keys.groups.length, ...encodeWeights(values, from) };
}

/** The positions of half-open ranges. */
export function positionsIn(ranges: readonly number[]): number[] {
  const positions: number[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    for (let position = ranges[at] as number; position < (ranges[at + 1] as number); position++)
      positions.push(position);
  }
  return positions;
}

/** Ascending positions as half-open ranges: `[start, stop, start, stop]`. */
export function toRanges(positions: readonly number[]): number[] {
  const ranges: number[] = [];
  for (const position of positions) {
    if (ranges.at(-1) === position) ranges[ranges.length - 1] = position + 1;
    else ranges.push(position, position + 1);
  }
  return ranges;
}

/**
 * Reads groups that are given as ranges on an axis of `size` positions. Throws an error with a message for users unless
 * the ranges ascend.
 */
export function groupingOf(groups: readonly (readonly number[])[], size: number): Grouping {
  const ends = groups.flat();
  const isWrong = groups.some((ranges) => ranges.length === 0 || ranges.length % 2 !== 0);
  if (isWrong || ends.some((end, at) => !isInOrder(end, ends[at - 1] ?? 0, at % 2 === 1, size))) {
    throw new Error(`Groups of tokens must be ascending ranges within 0 to ${size}; these are not.`);
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

/** Whether a range starts at or after the end of the previous one and has at least one position. */
function isInOrder(end: number, before: number, isStop: boolean, size: number): boolean {
  return Number.isInteger(end) && (isStop ? end > before : end >= before) && end <= size;
}
