import { signal as newSignal } from "@preact/signals-core";
import type { MapInfo, PairFilter, ViewTraits } from "../contract.gen";
import type { ViewContext } from "../core/context";
import { listedLayers } from "../core/included";
import { keepSelectionValid } from "../core/valid";
import { printer } from "../dom/printer";
import { EmbeddedSource } from "../sources/embedded";
import { views } from "../views/registry";

/** What `headscope.export` writes beside the blocks. */
interface PageInfo extends Omit<ViewTraits, "store"> {
  readonly name: string;
  readonly maps: readonly MapInfo[];
  readonly map: string;
  readonly layer: number;
  readonly heads: readonly number[] | null;
  readonly query: number | null;
  readonly key: number | null;
  readonly pair: PairFilter;
}

function contextOf(page: string, info: PageInfo): ViewContext {
  const [maps, map] = [newSignal(info.maps), newSignal(info.map)];
  return {
    name: newSignal(info.name),
    maps,
    selection: {
      map,
      layer: newSignal(info.layer),
      heads: newSignal(info.heads),
      query: newSignal(info.query),
      key: newSignal(info.key),
      pair: newSignal(info.pair),
      hover: newSignal({ query: null, key: null }) as ViewContext["selection"]["hover"],
    },
    options: {
      theme: newSignal(info.theme),
      includeLayers: listedLayers(newSignal<readonly number[]>(info.include_layers), maps, map),
      includeHeads: newSignal<readonly number[] | null>(info.include_heads),
      detail: newSignal(info.detail),
      tab: newSignal(info.tab),
      scale: newSignal(info.scale),
      combine: newSignal(info.combine),
      aids: {
        threshold: newSignal(info.threshold),
        topK: newSignal(info.top_k),
        hideSpecial: newSignal(info.hide_special),
        hideSink: newSignal(info.hide_sink),
        mergeWords: newSignal(info.merge_words),
        direction: newSignal(info.direction),
        search: newSignal(info.search),
      },
    },
    source: new EmbeddedSource(page, info.maps),
    status: newSignal("page" as const),
    printer,
  };
}

/** Draws the view of a standalone page. `page` is the id of its root, and the prefix of the ids of its parts. */
export function mount(page: string): void {
  const root = document.getElementById(page);
  const info = document.getElementById(`${page}-info`)?.textContent;
  if (!root || !info) return;
  const parsed = JSON.parse(info) as PageInfo;
  const context = contextOf(page, parsed);
  const forever = new AbortController().signal;
  keepSelectionValid(context, forever);
  views[parsed.view](root, context, forever);
}
