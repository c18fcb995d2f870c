import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { MapInfo } from "../contract.gen";

/** The layers that a view lists: the included ones, and where none are named all that the shown map has. */
export function listedLayers(
  included: ReadonlySignal<readonly number[]>,
  maps: ReadonlySignal<readonly MapInfo[]>,
  map: ReadonlySignal<string>,
): ReadonlySignal<readonly number[]> {
  return computed(() => {
    if (included.value.length > 0) return included.value;
    const info = maps.value.find(({ name }) => name === map.value);
    return Array.from({ length: info?.num_layers ?? 0 }, (_, layer) => layer);
  });
}
