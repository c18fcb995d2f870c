import { signal as newSignal } from "@preact/signals-core";
import type { ViewContext } from "../core/context";
import { announceCapture, announceView, followSettings, type LiveCapture } from "../core/live";
import { liveCapture } from "../core/live-capture";
import { localOptions } from "../core/local-options";
import { keepSelectionValid } from "../core/valid";
import { printer } from "../dom/printer";
import type { KernelSource } from "../sources/kernel";
import { liveView } from "../views/live-view";
import { views } from "../views/registry";
import { applySettings, themeOf } from "./reader";

type Shared = Pick<ViewContext, "name" | "maps" | "selection" | "status"> & { readonly source: KernelSource };

/** Lists a capture for the page it lives on, as long as its Store lives, and keeps what settings let it keep. */
export function announceStore(shared: Shared, ended: AbortSignal): LiveCapture {
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
  followSettings(({ cacheBytes }) => shared.source.keep(cacheBytes), ended);
  announceCapture(capture, ended);
  return capture;
}
