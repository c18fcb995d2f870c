import type { Span } from "./viewport";

/** What the rows or the columns of a view stand for: one position each, or several, as those of a word. */
export interface Axis {
  readonly groups: readonly (readonly number[])[];
  /** The row of each position; -1 for one that is not shown. */
  readonly shownAt: Int32Array;
  /** Whether each position is its own row. */
  readonly isPlain: boolean;
  /** The rows in sight. Those before and after them stand for many positions each, by their place. */
  readonly inSight: Span;
  /** What rows are called that stand for more than a word. */
  readonly names: ReadonlyMap<number, string>;
}

/** Positions that are shown as one row, under a name. */
export interface Named {
  readonly name: string;
  readonly start: number;
  readonly stop: number;
}

/**
 * Leaves out positions, and puts those together that belong to a named stretch, or have the same word's number and stand
 * side by side.
 */
export function axisOf(
  count: number,
  words: readonly number[] | null,
  hidden: ReadonlySet<number>,
  named: readonly Named[] = [],
): Axis {
  const groups: number[][] = [];
  const shownAt = new Int32Array(count).fill(-1);
  const names = new Map<number, string>();
  let [next, inside] = [0, -1];
  for (let position = 0; position < count; position++) {
    if (hidden.has(position)) continue;
    while (next < named.length && position >= (named[next] as Named).stop) next++;
    const isNamed = next < named.length && position >= (named[next] as Named).start;
    const last = shownAt[position - 1] === groups.length - 1 ? groups.at(-1) : undefined;
    const isOfWord = !isNamed && inside < 0 && last && words && words[position] === words[position - 1];
    if (isNamed && inside === next) groups.at(-1)?.push(position);
    else if (isOfWord) last.push(position);
    else groups.push([position]);
    inside = isNamed ? next : -1;
    shownAt[position] = groups.length - 1;
    if (isNamed) names.set(groups.length - 1, (named[next] as Named).name);
  }
  return { groups, shownAt, isPlain: groups.length === count, inSight: [0, groups.length], names };
}
