import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { ShownMap } from "../../core/reduce/shown-map";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { Overviews } from "../fetch/fetch-overviews";

type Row = readonly HeadWeights[];

/**
 * Overviews with the reading aids applied. Where several positions share a bin, overviews stay as they are, because
 * tokens can be neither hidden nor merged in them.
 */
export function shownOverviews(
  shownMap: ReadonlySignal<ShownMap | undefined>,
  overviews: ReadonlySignal<Overviews>,
): ReadonlySignal<Overviews> {
  // A painted row must stay the same object, or it would be painted again with each row that arrives.
  const rows = computed(() => ({ shownMap: shownMap.value, done: new WeakMap<Row, Row>() }));
  return computed(() => {
    const { shownMap: applied, done } = rows.value;
    const shown = (row: Row) => {
      const found = done.get(row) ?? (applied ? rowThrough(applied, row) : row);
      done.set(row, found);
      return found;
    };
    return { shape: overviews.value.shape, rows: overviews.value.rows.map((row) => row && shown(row)) };
  });
}

function rowThrough({ queries, keys, apply }: ShownMap, row: Row): Row {
  const isWhole = row.every(
    ({ numQueries, numKeys }) => numQueries === queries.shownAt.length && numKeys === keys.shownAt.length,
  );
  return isWhole ? row.map(apply) : row;
}
