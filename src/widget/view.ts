import type { AnyModel, Host } from "@anywidget/types";
import type { StoreMissingMessage, ViewTraits } from "../contract.gen";
import type { StoreExports } from "./store";

interface RenderProps {
  model: AnyModel<ViewTraits>;
  el: HTMLElement;
  signal: AbortSignal;
  host: Host;
}

const GONE = "The kernel that made this view has gone, and what it shows with it. Run the cell again.";

/** The Store of the capture draws the view: it has the code, the weights and the selection. */
async function render({ model, el, signal, host }: RenderProps): Promise<void> {
  const get = async () => (await host.getWidget<StoreExports>(model.get("store"))).exports;
  const exports = await get()
    .catch(() => tellAnew(model, el, signal).then(get))
    .catch(() => null);
  if (!exports) el.textContent = GONE;
  else if (!signal.aborted) exports.draw(model, el, signal);
}

/**
 * Asks the kernel to tell this page of the Store, and resolves once it has. VS Code knows only the widgets that were
 * made while its page was there: when a notebook's tab is opened again, a new view finds no Store.
 */
async function tellAnew(model: AnyModel<ViewTraits>, el: HTMLElement, signal: AbortSignal): Promise<void> {
  el.textContent = "Waiting for the kernel to tell this page of the capture.";
  await new Promise<void>((resolve) => {
    const listener = (message: { type: string }) => {
      if (message.type === "store-told") resolve();
    };
    model.on("msg:custom", listener);
    signal.addEventListener("abort", () => model.off("msg:custom", listener));
    model.send({ type: "store-missing" } satisfies StoreMissingMessage);
  });
  el.textContent = "";
}

export default { render };
