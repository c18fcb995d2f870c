import { batch, signal as newSignal, type ReadonlySignal } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import type { WritableSignal } from "../../core/async/map-signal";
import type { Selection, Status, TokenPair } from "../../core/state/context";
import type { LiveCapture, SelectionValues } from "../../core/state/live";
import { effectUntil } from "../../dom/until";

/** A capture as signals of this copy of the code. They follow the capture, and writing the selection updates it. */
export interface Mirror {
  readonly name: ReadonlySignal<string>;
  readonly maps: ReadonlySignal<readonly MapDescription[]>;
  readonly status: ReadonlySignal<Status>;
  readonly selection: Selection;
}

export function mirrorOf(capture: LiveCapture, signal: AbortSignal): Mirror {
  const [name, maps, status] = [newSignal(""), newSignal<readonly MapDescription[]>([]), newSignal<Status>("live")];
  const place = capture.place();
  const selection: Selection = {
    map: newSignal(place.map),
    layer: newSignal(place.layer),
    heads: newSignal(place.heads),
    query: newSignal(place.query),
    key: newSignal(place.key),
    pair: newSignal(place.pair),
    hover: newSignal<TokenPair>({ query: null, key: null }),
  };
  const parts = Object.keys(place) as (keyof SelectionValues)[];
  const cell = (part: keyof SelectionValues): WritableSignal<unknown> => selection[part];
  const different = (here: SelectionValues) => parts.filter((part) => !same(cell(part).peek(), here[part]));
  const take = () => {
    const here = capture.place();
    batch(() => {
      name.value = capture.name();
      maps.value = capture.maps();
      status.value = capture.status();
      for (const part of different(here)) cell(part).value = here[part];
    });
  };
  capture.follow(take, signal);
  effectUntil(signal, () => {
    for (const part of parts) void cell(part).value;
    const moved = different(capture.place());
    if (moved.length > 0) capture.move(Object.fromEntries(moved.map((part) => [part, cell(part).peek()])));
  });
  return { name, maps, status, selection };
}

/** Selections are JSON: lists are equal if their elements are. */
function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
