import type { ExcerptSums } from "./excerpt-sums";
import type { Grouping } from "./regroup";
import { rowsAtOnce } from "./weights-codes";
import { MissingRows, type WeightRows } from "./weights-rows";

/** Takes the queries of groups from `start` up to `stop` into an excerpt, a few rows at a time. */
export function* addRows(rows: WeightRows, sums: ExcerptSums, start: number, stop: number): Generator<void> {
  if (rows instanceof MissingRows) {
    sums.values.fill(Number.NaN);
    return;
  }
  const step = rowsAtOnce(rows);
  const part = new Float32Array(Math.min(step, stop - start) * rows.numKeys);
  for (const [first, last] of runsOf(sums.queries, start, stop, step)) {
    const [low, high] = rows.seen(first, last);
    rows.write(first, last, part, low, high);
    for (let query = first; query < last; query++) {
      const base = (query - first) * (high - low) - low;
      sums.add(sums.queries.shownAt[query] as number, part, base, low, high);
    }
    yield;
  }
}

/** The first query of any group, and one past the last; an empty range where there is none. */
export function extentOf({ groups }: Grouping): readonly [number, number] {
  const [first, last] = [groups[0]?.[0], groups.at(-1)?.at(-1)];
  return first === undefined || last === undefined ? [0, 0] : [first, last + 1];
}

/** The queries that belong to groups, side by side, at most so many at a time; half-open. */
function* runsOf({ shownAt }: Grouping, start: number, stop: number, most: number): Generator<[number, number]> {
  let first = start;
  for (let query = start; query <= stop; query++) {
    const isOutside = query === stop || (shownAt[query] as number) < 0;
    if (query > first && (isOutside || query - first === most)) {
      yield [first, query];
      first = query;
    }
    if (isOutside) first = query + 1;
  }
}
