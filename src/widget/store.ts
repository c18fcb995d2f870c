import type { AnyModel } from "@anywidget/types";
import { computed, signal as newSignal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { PlacedNote, StoreTraits, ViewTraits } from "../contract.gen";
import type { NoteBook, Status, TokenPair } from "../core/state/context";
import { EDITION, skewOf, UPGRADE } from "../core/state/front-end";
import { whyLocked } from "../core/state/notes";
import { placeSignals } from "../core/state/option-signals";
import { element, withCommand } from "../dom/element";
import { KernelSource } from "../sources/kernel/kernel";
import type { KernelModel } from "../sources/kernel/kernel-status";
import { mapsOf } from "../sources/kernel/maps";
import { announceStore } from "./announce";
import { drawView, type SharedContext } from "./draw-view";
import { recoverSaves } from "./lost-saves";
import { prefetchAll } from "./prefetch-layers";
import { traitSignal } from "./traits";

/**
 * The interface of a Store to the views of its capture on this page. Its module holds the code of all views: there is
 * one Store and many views per capture, and each view would otherwise load and run its own copy.
 */
export interface StoreExports {
  /** Draws the view of `model` into `el` until `signal` aborts. */
  draw(model: AnyModel<ViewTraits>, el: HTMLElement, signal: AbortSignal): void;
}

function initialize({ model, signal }: { model: AnyModel<StoreTraits>; signal: AbortSignal }): StoreExports {
  const shared = sharedContextOf(model, signal);
  recoverSaves(model as unknown as KernelModel, shared.status, signal);
  const capture = announceStore(shared, traitSignal(model, "subshells", signal, shared.status), signal);
  let started = false;
  const prefetch = () => {
    if (!started) void prefetchAll(model, shared.source, signal);
    started = true;
  };
  return {
    draw(view, el, closed) {
      drawView(view, el, shared, capture, AbortSignal.any([closed, signal]), prefetch);
      showVersionSkew(el, model.get("contract"));
    },
  };
}

function sharedContextOf(
  model: AnyModel<StoreTraits>,
  signal: AbortSignal,
): SharedContext & { readonly source: KernelSource } {
  const source = new KernelSource(model, signal);
  const trait = <K extends keyof StoreTraits>(name: K) => traitSignal(model, name, signal, source.status);
  return {
    source,
    status: source.status,
    name: trait("name"),
    maps: newSignal(mapsOf(model)),
    notes: noteBook(trait("notes"), source.status),
    selection: {
      ...placeSignals((name) => trait(name as keyof StoreTraits)),
      hover: newSignal<TokenPair>({ query: null, key: null }),
    },
  };
}

/** Older kernels know no notes. */
function noteBook(notes: Signal<PlacedNote[] | undefined>, status: ReadonlySignal<Status>): NoteBook {
  const isOld = notes.peek() === undefined;
  return {
    notes: computed(() => notes.value ?? []),
    locked: computed(() => (isOld ? "This kernel's Headscope knows no notes: update it." : whyLocked(status.value))),
    write(next) {
      notes.value = [...next];
    },
  };
}

/** Says in the status line of a view that the front end and the kernel have different versions of Headscope. */
function showVersionSkew(view: HTMLElement, contract: number): void {
  const skew = skewOf({ ...EDITION, contract });
  if (skew)
    view.querySelector(".hs-statusline")?.append(element("div", { class: "hs-skew" }, ...withCommand(skew, UPGRADE)));
}

export default { initialize };
