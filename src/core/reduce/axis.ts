import type { Span } from "../look/viewport";

/** The rows or the columns of a view. Each stands for one position or for several, such as those of a word. */
export interface Axis {
  readonly groups: readonly (readonly number[])[];
  /** The row of each position; -1 for one that is not shown. */
  readonly shownAt: Int32Array;
  /** Whether each position is its own row. */
  readonly isPlain: boolean;
  /** The visible rows. Each row before and after them gathers many neighbouring positions. */
  readonly visibleRows: Span;
  /** The names of rows that stand for more than a word. */
  readonly names: ReadonlyMap<number, string>;
}

/** Positions that are shown as one row under a name. */
export interface NamedRange {
  readonly name: string;
  readonly start: number;
  readonly stop: number;
}

/** Leaves out hidden positions. Merges the positions of a named range, and neighbours that belong to the same word. */
export function axisOf(
  count: number,
  words: readonly number[] | null,
  hidden: ReadonlySet<number>,
  named: readonly NamedRange[] = [],
): Axis {
  const groups: number[][] = [];
  const shownAt = new Int32Array(count).fill(-1);
  const names = new Map<number, string>();
  let [next, inside] = [0, -1];
  for (let position = 0; position < count; position++) {
    if (hidden.has(position)) continue;
    while (next < named.length && position >= (named[next] as NamedRange).stop) next++;
    const isNamed = next < named.length && position >= (named[next] as NamedRange).start;
    const last = shownAt[position - 1] === groups.length - 1 ? groups.at(-1) : undefined;
    const isOfWord = !isNamed && inside < 0 && last && words && words[position] === words[position - 1];
    if (isNamed && inside === next) groups.at(-1)?.push(position);
    else if (isOfWord) last.push(position);
    else groups.push([position]);
    inside = isNamed ? next : -1;
    shownAt[position] = groups.length - 1;
    if (isNamed) names.set(groups.length - 1, (named[next] as NamedRange).name);
  }
  return { groups, shownAt, isPlain: groups.length === count, visibleRows: [0, groups.length], names };
}

/** The part of an axis that says which positions belong together. */
export type Grouping = Pick<Axis, "groups" | "shownAt">;
