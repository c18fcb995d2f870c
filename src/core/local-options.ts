import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { MapInfo, ViewTraits } from "../contract.gen";
import type { ViewOptions } from "./context";
import { listedLayers } from "./included";

/** Options of a view that stands behind no widget: signals of its own, with what is not given as views begin. */
export function localOptions(
  given: Partial<ViewTraits>,
  maps: ReadonlySignal<readonly MapInfo[]>,
  map: ReadonlySignal<string>,
): ViewOptions {
  return {
    theme: signal(given.theme ?? "auto"),
    includeLayers: listedLayers(signal<readonly number[]>(given.include_layers ?? []), maps, map),
    includeHeads: signal<readonly number[] | null>(given.include_heads ?? null),
    detail: signal(given.detail ?? false),
    tab: signal(given.tab ?? "heads"),
    scale: signal(given.scale ?? "linear"),
    colorMap: signal(given.color_map ?? "viridis"),
    combine: signal(given.combine ?? "each"),
    pool: signal(given.pool ?? "max"),
    aids: {
      threshold: signal(given.threshold ?? null),
      topK: signal(given.top_k ?? null),
      hideSpecial: signal(given.hide_special ?? false),
      hideSink: signal(given.hide_sink ?? false),
      mergeWords: signal(given.merge_words ?? false),
      mergeSegments: signal(given.merge_segments ?? false),
      openSegments: signal<readonly number[]>(given.open_segments ?? []),
      direction: signal(given.direction ?? "out"),
      search: signal(given.search ?? ""),
    },
  };
}
