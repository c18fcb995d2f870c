import { computed, type ReadonlySignal } from "@preact/signals-core";
import { regionsOf } from "../../core/composed/composed-map";
import { cropped, scaledRanges } from "../../core/reduce/cropped";
import { type ShownMap, shownMapOf } from "../../core/reduce/shown-map";
import { sightOf } from "../../core/reduce/sight";
import { sinksOf } from "../../core/reduce/sinks";
import { pairRanges } from "../../core/state/sentence-pair";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { Overviews } from "../fetch/fetch-overviews";
import { type Scene, shownMapOptions } from "../scene/scene";

type Row = readonly HeadWeights[];

/**
 * Overviews with the reading aids applied, and only between the sentences that are shown. Where several positions share
 * a bin, tokens can be neither hidden nor merged, and bins that two sentences share belong to both.
 */
export function shownOverviews(scene: Scene, overviews: ReadonlySignal<Overviews>): ReadonlySignal<Overviews> {
  // A painted row must stay the same object, or it would be painted again with each row that arrives.
  const rows = computed(() => ({ through: rowThrough(scene), done: new WeakMap<Row, Row>() }));
  return computed(() => {
    const { through, done } = rows.value;
    const shown = (row: Row) => {
      const found = done.get(row) ?? through(row);
      done.set(row, found);
      return found;
    };
    return { shape: overviews.value.shape, rows: overviews.value.rows.map((row) => row && shown(row)) };
  });
}

function rowThrough(scene: Scene): (row: Row) => Row {
  const [map, whole, ranges] = [scene.shownMap.value, scene.wholeMap.value, scene.ranges.value];
  if (!map || !whole) return (row) => row;
  const shown = pairRanges(whole, scene.context.selection.pair.value);
  const counts = [map.queries.shownAt.length, map.keys.shownAt.length] as const;
  return (row) => {
    const apply = throughSinks(scene, map, row);
    return row.map((weights) => {
      const { numQueries, numKeys } = weights;
      const isWhole = numQueries === counts[0] && numKeys === counts[1];
      return isWhole
        ? cropped(apply(weights), ranges)
        : cropped(weights, scaledRanges(shown, counts, [numQueries, numKeys]));
    });
  };
}

/** Each layer has its own sinks, so while these are left out, each row of thumbnails is seen through its own map. */
function throughSinks({ context, wholeMap, leftOut }: Scene, map: ShownMap, row: Row): ShownMap["apply"] {
  const { aids } = context.options;
  const whole = wholeMap.value;
  const isWhole = row.every((one) => one.numKeys === map.keys.shownAt.length);
  if (!aids.hideSink.value || !isWhole || !whole) return map.apply;
  const kept = new Set(aids.keepSinks.value);
  const sinks = sinksOf(row, sightOf(row), aids.sinkShare.value, regionsOf(whole)).filter((key) => !kept.has(key));
  const excluded = [...new Set([...sinks, ...aids.exclude.value])].sort((a, b) => a - b);
  if (excluded.join() === leftOut.keys.value.join()) return map.apply;
  return shownMapOf(whole, shownMapOptions(aids, excluded)).apply;
}
