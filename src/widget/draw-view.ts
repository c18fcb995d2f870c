import type { AnyModel } from "@anywidget/types";
import { computed } from "@preact/signals-core";
import type { ViewTraits } from "../contract.gen";
import type { ViewContext } from "../core/state/context";
import { listedLayers } from "../core/state/listed-layers";
import type { LiveCapture } from "../core/state/live";
import { viewSignals } from "../core/state/option-signals";
import { ownPlace } from "../core/state/own-place";
import { offerSnapshots } from "../core/state/snapshot-offer";
import { pictureExporter } from "../figure/picture-exporter";
import type { KernelModel } from "../sources/kernel/kernel-status";
import { mountLiveView } from "../views/mount-live-view";
import { viewRoot } from "../views/mount-view";
import { answerExports, pageMaker } from "./exporting";
import { recoverSaves } from "./lost-saves";
import { snapshotOffer } from "./offer-snapshot";
import { traitSignal } from "./traits";

/** The part of the context that all views of a capture share. */
export type SharedContext = Pick<ViewContext, "name" | "maps" | "selection" | "source" | "status" | "notes">;

/** Draws a view into `el` until `signal` aborts, and calls `painted` once it is ready. */
export function drawView(
  model: AnyModel<ViewTraits>,
  el: HTMLElement,
  shared: SharedContext,
  capture: LiveCapture,
  signal: AbortSignal,
  painted: () => void,
): void {
  const own = contextOf(model, shared, signal);
  recoverSaves(model as unknown as KernelModel, shared.status, signal);
  const [root, kind] = [viewRoot(el, signal), model.get("view")];
  const decided = traitSignal(model, "decided", signal, shared.status);
  const context = mountLiveView(root, kind, own, { decided, capture }, signal);
  offerSnapshots(
    root,
    snapshotOffer(kind, root, context, () => model.get("include_layers")),
  );
  afterPaint(root, signal, () => {
    answerExports(model, root, context, signal);
    painted();
  });
}

function contextOf(model: AnyModel<ViewTraits>, shared: SharedContext, signal: AbortSignal): ViewContext {
  const sample = traitSignal(model, "sample", signal, shared.status);
  const trait = <K extends keyof ViewTraits>(name: K) => traitSignal(model, name, signal, shared.status);
  const own = viewSignals((name) => trait(name as keyof ViewTraits));
  const { selection, chain } = ownPlace(shared.selection, { own: trait("own"), waiting: trait("waiting") }, signal);
  return {
    ...shared,
    selection,
    chain,
    name: computed(() => [shared.name.value, sample.value].filter(Boolean).join(", ")),
    options: {
      ...own,
      includeLayers: listedLayers(own.includeLayers, shared.maps, selection.map),
    },
    makePage: pageMaker(model, signal),
    pictureExporter,
  };
}

/** Calls `done` once, when the view is ready. */
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
