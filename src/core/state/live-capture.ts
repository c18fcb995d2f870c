import { batch, effect, untracked } from "@preact/signals-core";
import { OPTIONS } from "../../options.gen";
import type { Selection, ViewContext } from "./context";
import { EDITION } from "./front-end";
import type { LiveCapture, SelectionValues } from "./live";

const PLACE = OPTIONS.filter(({ group }) => group === "place");

/** Presents a capture as plain values to other copies of this code on the page. */
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
        for (const { signal } of PLACE) {
          const part = signal as keyof SelectionValues;
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

function placeOf(selection: Selection): SelectionValues {
  const place = PLACE.map(({ signal }) => [signal, selection[signal as keyof SelectionValues].value]);
  return Object.fromEntries(place) as unknown as SelectionValues;
}
