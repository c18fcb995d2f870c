import type { AnyModel } from "@anywidget/types";
import { signal as newSignal } from "@preact/signals-core";
import type { StoreTraits, ViewTraits } from "../contract.gen";
import type { TokenPair } from "../core/context";
import type { Channel } from "../sources/host-kernel";
import { KernelSource } from "../sources/kernel";
import { mapsOf } from "../sources/maps";
import { announceStore } from "./announce";
import { drawView, type Shared } from "./draw-view";
import { recoverSaves } from "./lost-saves";
import { prefetchAll } from "./prefetch";
import { tellSkew } from "./skew";
import { traitSignal } from "./traits";

/**
 * What the Store gives to the views of its capture on this page. Its module holds the code of every view: a capture
 * has one Store and many views, and each view would carry its own copy of the code and run it for the first time.
 */
export interface StoreExports {
  /** Draws the view of `model` into `el` until `signal` aborts. */
  draw(model: AnyModel<ViewTraits>, el: HTMLElement, signal: AbortSignal): void;
}

function initialize({ model, signal }: { model: AnyModel<StoreTraits>; signal: AbortSignal }): StoreExports {
  const shared = sharedBy(model, signal);
  recoverSaves(model as unknown as Channel, shared.status, signal);
  const capture = announceStore(shared, traitSignal(model, "subshells", signal, shared.status), signal);
  let started = false;
  const prefetch = () => {
    if (!started) void prefetchAll(model, shared.source, signal);
    started = true;
  };
  return {
    draw(view, el, closed) {
      drawView(view, el, shared, capture, AbortSignal.any([closed, signal]), prefetch);
      tellSkew(el, model.get("contract"));
    },
  };
}

function sharedBy(model: AnyModel<StoreTraits>, signal: AbortSignal): Shared & { readonly source: KernelSource } {
  const source = new KernelSource(model, signal);
  const trait = <K extends keyof StoreTraits>(name: K) => traitSignal(model, name, signal, source.status);
  return {
    source,
    status: source.status,
    name: trait("name"),
    maps: newSignal(mapsOf(model)),
    selection: {
      map: trait("map"),
      layer: trait("layer"),
      heads: trait("heads") as Shared["selection"]["heads"],
      query: trait("query"),
      key: trait("key"),
      pair: trait("pair"),
      hover: newSignal<TokenPair>({ query: null, key: null }),
    },
  };
}

export default { initialize };
