import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import type { WritableSignal } from "../async/map-signal";

/** The layers that a view lists: the included ones, or all layers of the shown map if none are named. */
export function listedLayers(
  included: ReadonlySignal<readonly number[]>,
  maps: ReadonlySignal<readonly MapDescription[]>,
  map: Pick<WritableSignal<string>, "value">,
): ReadonlySignal<readonly number[]> {
  return computed(() => {
    if (included.value.length > 0) return included.value;
    const description = maps.value.find(({ name }) => name === map.value);
    return Array.from({ length: description?.num_layers ?? 0 }, (_, layer) => layer);
  });
}
