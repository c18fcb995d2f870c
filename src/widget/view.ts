import type { AnyModel, Host } from "@anywidget/types";
import type { StoreMissingMessage, ViewTraits } from "../contract.gen";
import type { StoreExports } from "./store";

interface RenderProps {
  model: AnyModel<ViewTraits>;
  el: HTMLElement;
  signal: AbortSignal;
  host: Host;
}

const GONE = "The kernel that made this view is gone, and the view's weights with it. Run the cell again.";

/** Lets the Store of the capture draw the view, because it has the code, the weights and the selection. */
async function render({ model, el, signal, host }: RenderProps): Promise<void> {
  const get = async () => (await host.getWidget<StoreExports>(model.get("store"))).exports;
  const exports = await get()
    .catch(() => requestStore(model, el, signal).then(get))
    .catch(() => null);
  if (!exports) el.textContent = GONE;
  else if (!signal.aborted) exports.draw(model, el, signal);
}

/**
 * Asks the kernel to announce the Store to this page, and resolves once it has. VS Code knows only the widgets that
 * were created while its page was open, so after a notebook's tab is reopened, a new view finds no Store.
 */
async function requestStore(model: AnyModel<ViewTraits>, el: HTMLElement, signal: AbortSignal): Promise<void> {
  el.textContent = "Waiting for the kernel to send this page the capture.";
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
