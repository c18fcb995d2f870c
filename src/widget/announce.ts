import { signal as newSignal, type Signal } from "@preact/signals-core";
import type { ViewContext } from "../core/state/context";
import { announceCapture, followSettings, type LiveCapture } from "../core/state/live";
import { liveCapture } from "../core/state/live-capture";
import { localOptions } from "../core/state/local-options";
import { followingState, ownPlace } from "../core/state/own-place";
import { pictureExporter } from "../figure/picture-exporter";
import type { KernelSource } from "../sources/kernel/kernel";
import { mountLiveView } from "../views/mount-live-view";
import { viewRoot } from "../views/mount-view";

type StoreContext = Pick<ViewContext, "name" | "maps" | "selection" | "status" | "notes"> & {
  readonly source: KernelSource;
};

/** Adds a capture to the page's list as long as its Store lives, and follows the reader's settings. */
export function announceStore(shared: StoreContext, subshells: Signal<boolean>, ended: AbortSignal): LiveCapture {
  const capture = liveCapture(shared, (kind, el, closed, given = {}) => {
    const signal = AbortSignal.any([closed, ended]);
    if (signal.aborted) return;
    const { selection, chain } = ownPlace(shared.selection, followingState(), signal);
    const options = localOptions(given, shared.maps, selection.map);
    const decided = newSignal(Object.keys(given));
    const context = { ...shared, selection, chain, options, pictureExporter };
    mountLiveView(viewRoot(el, signal), kind, context, { decided, capture }, signal);
  });
  followSettings((settings) => {
    shared.source.limitMemory(settings.cacheBytes);
    subshells.value = settings.subshells;
  }, ended);
  announceCapture(capture, ended);
  return capture;
}
