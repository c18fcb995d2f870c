import type { AnyModel, Host } from "@anywidget/types";
import type { StoreTraits, ViewTraits } from "../contract.gen";
import type { ViewContext } from "../core/context";
import { listedLayers } from "../core/included";
import { keepSelectionValid } from "../core/valid";
import { views } from "../views/registry";
import { answerExports, pageMaker } from "./exporting";
import type { StoreExports } from "./store";
import { channelSignal, traitSignal } from "./traits";

interface RenderProps {
  model: AnyModel<ViewTraits>;
  el: HTMLElement;
  signal: AbortSignal;
  host: Host;
}

async function render({ model, el, signal, host }: RenderProps): Promise<void> {
  const ref = model.get("store");
  const [store, { exports }] = await Promise.all([host.getModel<StoreTraits>(ref), host.getWidget<StoreExports>(ref)]);
  if (signal.aborted) return;
  const context = contextOf(model, store, exports, signal);
  keepSelectionValid(context, signal);
  const root = document.createElement("div");
  el.append(root);
  views[model.get("view")](root, context, signal);
  afterPaint(root, signal, () => {
    answerExports(model, root, context, signal);
    exports.prefetch();
  });
  signal.addEventListener("abort", () => root.remove());
}

function contextOf(
  model: AnyModel<ViewTraits>,
  store: AnyModel<StoreTraits>,
  exports: StoreExports,
  signal: AbortSignal,
): ViewContext {
  const maps = traitSignal(store, "maps", signal);
  const map = traitSignal(store, "map", signal);
  const own = <K extends keyof ViewTraits>(name: K) => traitSignal(model, name, signal);
  return {
    name: traitSignal(store, "name", signal),
    maps,
    selection: {
      map,
      layer: traitSignal(store, "layer", signal),
      heads: traitSignal(store, "heads", signal) as ViewContext["selection"]["heads"],
      query: traitSignal(store, "query", signal),
      key: traitSignal(store, "key", signal),
      pair: traitSignal(store, "pair", signal),
      hover: channelSignal(exports.hover, signal),
    },
    options: {
      theme: own("theme"),
      includeLayers: listedLayers(own("include_layers"), maps, map),
      includeHeads: own("include_heads") as ViewContext["options"]["includeHeads"],
      detail: own("detail"),
      tab: own("tab"),
      scale: own("scale"),
      combine: own("combine"),
      aids: {
        threshold: own("threshold"),
        topK: own("top_k"),
        hideSpecial: own("hide_special"),
        hideSink: own("hide_sink"),
        mergeWords: own("merge_words"),
        direction: own("direction"),
        search: own("search"),
      },
    },
    source: exports.source,
    status: channelSignal(exports.status, signal),
    makePage: pageMaker(model),
    printer: exports.printer,
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

export default { render };
