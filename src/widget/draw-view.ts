import type { AnyModel } from "@anywidget/types";
import type { ViewTraits } from "../contract.gen";
import type { ViewContext } from "../core/context";
import { listedLayers } from "../core/included";
import { announceView, type LiveCapture } from "../core/live";
import { offerSnapshots } from "../core/snapshot-offer";
import { keepSelectionValid } from "../core/valid";
import { printer } from "../dom/printer";
import type { Channel } from "../sources/host-kernel";
import { liveView } from "../views/live-view";
import { applySettings, themeOf } from "../views/reader";
import { views } from "../views/registry";
import { answerExports, pageMaker } from "./exporting";
import { recoverSaves } from "./lost-saves";
import { snapshotOffer } from "./snapshot";
import { traitSignal } from "./traits";

/** What all views of a capture have in common. */
export type Shared = Pick<ViewContext, "name" | "maps" | "selection" | "source" | "status">;

/** Draws a view into `el` until `signal` aborts, and calls `painted` once it is ready. */
export function drawView(
  model: AnyModel<ViewTraits>,
  el: HTMLElement,
  shared: Shared,
  capture: LiveCapture,
  signal: AbortSignal,
  painted: () => void,
): void {
  const context = contextOf(model, shared, signal);
  recoverSaves(model as unknown as Channel, shared.status, signal);
  keepSelectionValid(context, signal);
  applySettings(context.options, traitSignal(model, "decided", signal, shared.status), signal);
  const root = document.createElement("div");
  el.append(root);
  views[model.get("view")](root, context, signal);
  announceView(liveView(root, context, capture, signal), signal);
  offerSnapshots(
    root,
    snapshotOffer(model.get("view"), root, context, () => model.get("include_layers")),
  );
  afterPaint(root, signal, () => {
    answerExports(model, root, context, signal);
    painted();
  });
  signal.addEventListener("abort", () => root.remove());
}

function contextOf(model: AnyModel<ViewTraits>, shared: Shared, signal: AbortSignal): ViewContext {
  const own = <K extends keyof ViewTraits>(name: K) => traitSignal(model, name, signal, shared.status);
  return {
    ...shared,
    options: {
      theme: themeOf(own("theme"), signal),
      includeLayers: listedLayers(own("include_layers"), shared.maps, shared.selection.map),
      includeHeads: own("include_heads") as ViewContext["options"]["includeHeads"],
      detail: own("detail"),
      tab: own("tab"),
      scale: own("scale"),
      colorMap: own("color_map"),
      combine: own("combine"),
      pool: own("pool"),
      aids: {
        threshold: own("threshold"),
        topK: own("top_k"),
        hideSpecial: own("hide_special"),
        hideSink: own("hide_sink"),
        mergeWords: own("merge_words"),
        mergeSegments: own("merge_segments"),
        openSegments: own("open_segments") as ViewContext["options"]["aids"]["openSegments"],
        direction: own("direction"),
        search: own("search"),
      },
    },
    makePage: pageMaker(model, signal),
    printer,
  };
}

/** Calls `done` once, when the view says that it is ready. */
function afterPaint(root: HTMLElement, signal: AbortSignal, done: () => void): void {
  const observer = new MutationObserver(check);
  function check(): void {
    if (root.dataset.state !== "ready") return;
    observer.disconnect();
    done();
  }
  observer.observe(root, { attributes: true, attributeFilter: ["data-state"] });
  signal.addEventListener("abort", () => observer.disconnect());
  check();
}
