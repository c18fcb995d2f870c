import { signal as newSignal, type Signal } from "@preact/signals-core";
import type { ViewContext } from "../core/context";
import { announceCapture, announceView, followSettings, type LiveCapture } from "../core/live";
import { liveCapture } from "../core/live-capture";
import { localOptions } from "../core/local-options";
import { keepSelectionValid } from "../core/valid";
import { printer } from "../dom/printer";
import type { KernelSource } from "../sources/kernel";
import { liveView } from "../views/live-view";
import { applySettings, themeOf } from "../views/reader";
import { views } from "../views/registry";

type Shared = Pick<ViewContext, "name" | "maps" | "selection" | "status"> & { readonly source: KernelSource };

/** Lists a capture for the page it lives on, as long as its Store lives, and follows its reader's settings. */
export function announceStore(shared: Shared, subshells: Signal<boolean>, ended: AbortSignal): LiveCapture {
  const capture = liveCapture(shared, (kind, el, closed, given = {}) => {
    const signal = AbortSignal.any([closed, ended]);
    if (signal.aborted) return;
    const options = localOptions(given, shared.maps, shared.selection.map);
    applySettings(options, newSignal(Object.keys(given)), signal);
    const context: ViewContext = { ...shared, options: { ...options, theme: themeOf(options.theme, signal) }, printer };
    keepSelectionValid(context, signal);
    const root = document.createElement("div");
    el.append(root);
    views[kind](root, context, signal);
    announceView(liveView(root, context, capture, signal), signal);
    signal.addEventListener("abort", () => root.remove(), { once: true });
  });
  followSettings((settings) => {
    shared.source.keep(settings.cacheBytes);
    subshells.value = settings.subshells;
  }, ended);
  announceCapture(capture, ended);
  return capture;
}
