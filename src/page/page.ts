import { signal as newSignal } from "@preact/signals-core";
import type { MapInfo, Theme, ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/context";
import { listedLayers } from "../core/included";
import { keepSelectionValid } from "../core/valid";
import { EmbeddedSource } from "../sources/embedded";
import { views } from "../views/registry";

/** What `headscope.export` writes beside the blocks. */
interface PageInfo {
  readonly name: string;
  readonly maps: readonly MapInfo[];
  readonly view: ViewKind;
  readonly theme: Theme;
  readonly map: string;
  readonly layer: number;
  readonly heads: readonly number[] | null;
  readonly include_layers: readonly number[];
  readonly include_heads: readonly number[] | null;
  readonly detail: boolean;
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
      query: newSignal<number | null>(null),
      key: newSignal<number | null>(null),
      pair: newSignal("all" as const) as ViewContext["selection"]["pair"],
      hover: newSignal({ query: null, key: null }) as ViewContext["selection"]["hover"],
    },
    options: {
      theme: newSignal(info.theme),
      includeLayers: listedLayers(newSignal(info.include_layers), maps, map),
      includeHeads: newSignal(info.include_heads),
      detail: newSignal(info.detail),
    },
    source: new EmbeddedSource(page, info.maps),
    status: newSignal("page" as const),
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
