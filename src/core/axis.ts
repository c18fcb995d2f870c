/** What the rows or the columns of a view stand for: one position each, or those of a word. */
export interface Axis {
  readonly groups: readonly (readonly number[])[];
  /** The row of each position; -1 for one that is not shown. */
  readonly shownAt: Int32Array;
  /** Whether each position is its own row. */
  readonly isPlain: boolean;
}

/** Leaves out positions, and puts those together that have the same word's number and stand side by side. */
export function axisOf(count: number, words: readonly number[] | null, hidden: ReadonlySet<number>): Axis {
  const groups: number[][] = [];
  const shownAt = new Int32Array(count).fill(-1);
  for (let position = 0; position < count; position++) {
    if (hidden.has(position)) continue;
    const last = shownAt[position - 1] === groups.length - 1 ? groups.at(-1) : undefined;
    if (last && words && words[position] === words[position - 1]) last.push(position);
    else groups.push([position]);
    shownAt[position] = groups.length - 1;
  }
  return { groups, shownAt, isPlain: groups.length === count };
}
