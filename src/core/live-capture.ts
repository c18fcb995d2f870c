import { batch, effect, untracked } from "@preact/signals-core";
import type { Selection, ViewContext } from "./context";
import { EDITION } from "./front-end";
import type { LiveCapture, Place } from "./live";

/** Speaks of a capture in plain values to other copies of this code on the page. */
export function liveCapture(
  { name, maps, status, selection }: Pick<ViewContext, "name" | "maps" | "status" | "selection">,
  draw: LiveCapture["draw"],
): LiveCapture {
  return {
    edition: EDITION,
    name: () => name.peek(),
    maps: () => maps.peek(),
    status: () => status.peek(),
    place: () => untracked(() => placeOf(selection)),
    move(changes) {
      batch(() => {
        for (const part of Object.keys(placeOf(selection)) as (keyof Place)[]) {
          if (part in changes) selection[part].value = changes[part] as never;
        }
      });
    },
    follow(changed, signal) {
      if (signal.aborted) return;
      const stop = effect(() => {
        void [name.value, maps.value, status.value, placeOf(selection)];
        untracked(changed);
      });
      signal.addEventListener("abort", stop, { once: true });
    },
    draw,
  };
}

function placeOf({ map, layer, heads, query, key, pair }: Selection): Place {
  return {
    map: map.value,
    layer: layer.value,
    heads: heads.value,
    query: query.value,
    key: key.value,
    pair: pair.value,
  };
}
