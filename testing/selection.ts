import { signal } from "@preact/signals-core";
import type { Selection } from "../src/core/state/context";

/** The selection of a capture at its first layer, with all heads and nothing pinned. */
export function selection(): Selection {
  return {
    map: signal("self"),
    layer: signal(0),
    heads: signal<readonly number[] | null>(null),
    query: signal<number | null>(null),
    key: signal<number | null>(null),
    pair: signal("all"),
    hover: signal({ query: null, key: null }),
  } as unknown as Selection;
}
