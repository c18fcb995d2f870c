import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { HeadWeights } from "../core/head-weights";
import type { Lens } from "../core/lens";
import type { Overviews } from "./overviews";

type Row = readonly HeadWeights[];

/**
 * Overviews as the lens shows them. Where several positions share a bin they stay as they are: what is left out or put
 * together can't be told from them.
 */
export function overviewsThrough(
  lens: ReadonlySignal<Lens | undefined>,
  overviews: ReadonlySignal<Overviews>,
): ReadonlySignal<Overviews> {
  // A row that was painted must stay the same object, or it would be painted again with each row that arrives.
  const rows = computed(() => ({ lens: lens.value, done: new WeakMap<Row, Row>() }));
  return computed(() => {
    const { lens: through, done } = rows.value;
    const shown = (row: Row) => {
      const found = done.get(row) ?? (through ? rowThrough(through, row) : row);
      done.set(row, found);
      return found;
    };
    return { shape: overviews.value.shape, rows: overviews.value.rows.map((row) => row && shown(row)) };
  });
}

function rowThrough({ queries, keys, apply }: Lens, row: Row): Row {
  const isWhole = row.every(
    ({ numQueries, numKeys }) => numQueries === queries.shownAt.length && numKeys === keys.shownAt.length,
  );
  return isWhole ? row.map(apply) : row;
}
