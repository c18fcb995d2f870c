import type { AnyModel, Host } from "@anywidget/types";
import type { ViewTraits } from "../contract.gen";
import type { StoreExports } from "./store";

interface RenderProps {
  model: AnyModel<ViewTraits>;
  el: HTMLElement;
  signal: AbortSignal;
  host: Host;
}

/** The Store of the capture draws the view: it has the code, the weights and the selection. */
async function render({ model, el, signal, host }: RenderProps): Promise<void> {
  const { exports } = await host.getWidget<StoreExports>(model.get("store"));
  if (!signal.aborted) exports.draw(model, el, signal);
}

export default { render };
