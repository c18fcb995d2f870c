import type { ISessionContext } from "@jupyterlab/apputils";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { Panel, type Widget } from "@lumino/widgets";
import { SNAPSHOT_TYPE } from "../contract.gen";
import { readSnapshot } from "../core/snapshot";
import { snapshotOfferOf } from "../core/snapshot-offer";
import { childOf } from "../dom/until";
import { type Keeping, keepSnapshot } from "./snapshot-keeper";
import { stillOf } from "./snapshot-still";

export const WIDGET_TYPE = "application/vnd.jupyter.widget-view+json";

const DAMAGED = "The notebook's snapshot of this view can't be shown. Run the cell to see the view.";

/** Where an output stands: the parts of JupyterLab that show it. */
interface Place {
  readonly rendermime: IRenderMimeRegistry | null;
  /** What runs the cells; null where that is not known. */
  readonly session: ISessionContext | null;
  /** The notebook, if the output stands in it and not in a copy beside it. */
  readonly notebook: NotebookPanel | null;
}

/**
 * Shows a view of a notebook: the live widget while its model lives in the kernel, and what the notebook keeps of it
 * else. Once the model is there, as after a reload of the page, the live view takes over.
 */
export class SnapshotRenderer extends Panel implements IRenderMime.IRenderer {
  readonly #tracker: INotebookTracker | null;
  readonly #keeping: Keeping;
  #model: IRenderMime.IMimeModel | null = null;
  #live: { readonly id: string; readonly widget: IRenderMime.IRenderer } | null = null;
  /** Ends what the output shows and waits for now. */
  #shown = new AbortController();
  /** Ends what is drawn of the snapshot. */
  #drawn = new AbortController();

  constructor(tracker: INotebookTracker | null, keeping: Keeping) {
    super();
    this.#tracker = tracker;
    this.#keeping = keeping;
    this.addClass("headscope-output");
  }

  /** Called with the same model again whenever its data changes, as when we write a newer snapshot into it. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const isSame = this.#live !== null && this.#live.id === modelId(model) && model.trusted;
    const before = this.#model;
    this.#model = model;
    if (this.isAttached && !(isSame && before === model)) this.#begin();
  }

  protected override onAfterAttach(): void {
    if (!this.#live && this.#shown.signal.aborted === false && this.node.childElementCount === 0) this.#begin();
  }

  override dispose(): void {
    this.#shown.abort();
    super.dispose();
  }

  #begin(): void {
    const model = this.#model;
    if (!model) return;
    this.#clear();
    const place = this.#place();
    const id = modelId(model);
    const mayLive = id !== "" && model.trusted && place.rendermime?.mimeTypes.includes(WIDGET_TYPE);
    const isThere = () => !place.session || place.session.session?.kernel?.hasComm(id) === true;
    if (mayLive && isThere()) {
      this.#goLive(model, id, place);
      return;
    }
    this.#showSnapshot(model);
    if (mayLive && place.session) this.#await(place.session, isThere, () => this.#goLive(model, id, place));
  }

  /** The widget manager takes up the kernel's models some time after it has connected, and says so to nobody. */
  #await(session: ISessionContext, isThere: () => boolean, then: () => void): void {
    const ended = this.#shown.signal;
    const look = () => {
      if (!isThere()) return;
      stop();
      then();
    };
    const stop = () => {
      session.iopubMessage.disconnect(look);
      session.kernelChanged.disconnect(look);
      session.statusChanged.disconnect(look);
    };
    session.iopubMessage.connect(look);
    session.kernelChanged.connect(look);
    session.statusChanged.connect(look);
    ended.addEventListener("abort", stop, { once: true });
  }

  #goLive(model: IRenderMime.IMimeModel, id: string, { rendermime, notebook }: Place): void {
    const widget = rendermime?.createRenderer(WIDGET_TYPE) as IRenderMime.IRenderer;
    const ended = this.#shown.signal;
    this.#live = { id, widget };
    // What is shown of the snapshot stays until the live view stands: nothing flickers, and nothing moves twice.
    const isWaiting = this.node.childElementCount > 0;
    widget.node.classList.toggle("headscope-coming", isWaiting);
    this.addWidget(widget as unknown as Widget);
    void widget.renderModel(model);
    whenReady(widget.node, ended, (root) => {
      this.#drawn.abort();
      widget.node.classList.remove("headscope-coming");
      for (const child of [...this.node.children]) if (child !== widget.node) child.remove();
      const offer = snapshotOfferOf(root);
      if (notebook && offer) keepSnapshot(model, offer, notebook.context, this.#keeping, ended);
    });
  }

  #showSnapshot(model: IRenderMime.IMimeModel): void {
    const { data, metadata } = model;
    this.#drawn = childOf(this.#shown.signal);
    const ended = this.#drawn.signal;
    const size = (metadata["image/png"] as { width?: unknown } | undefined)?.width;
    const still = (sentence?: string) => this.node.replaceChildren(stillOf(data["image/png"], size, sentence));
    try {
      const snapshot = readSnapshot(data[SNAPSHOT_TYPE]);
      if (snapshot.parts.length === 0) {
        still();
        return;
      }
      const box = document.createElement("div");
      this.node.append(box);
      // The views' code is a large part of the extension, and most pages show none of them so.
      import("./snapshot-view")
        .then(({ drawSnapshot }) => ended.aborted || drawSnapshot(box, snapshot, ended))
        .catch(() => still(DAMAGED));
    } catch {
      still(DAMAGED);
    }
  }

  #clear(): void {
    this.#shown.abort();
    this.#shown = new AbortController();
    (this.#live?.widget as Widget | undefined)?.dispose();
    this.#live = null;
    this.node.replaceChildren();
  }

  #place(): Place {
    const above = ancestors(this);
    const area = above.find((widget) => "rendermime" in widget && "model" in widget);
    const rendermime = (area as { rendermime?: IRenderMimeRegistry } | undefined)?.rendermime ?? null;
    const host = above.find((widget) => "sessionContext" in widget) as NotebookPanel | undefined;
    const notebook = host && this.#tracker?.has(host) ? host : null;
    // A copy of the output in a tab of its own shares what renders with its notebook.
    const origin = this.#tracker?.find((panel) => panel.content.rendermime === rendermime);
    return { rendermime, session: host?.sessionContext ?? origin?.sessionContext ?? null, notebook };
  }
}

function modelId(model: IRenderMime.IMimeModel): string {
  const view = model.data[WIDGET_TYPE] as { model_id?: unknown } | undefined;
  return typeof view?.model_id === "string" ? view.model_id : "";
}

function ancestors(widget: Widget): Widget[] {
  const above: Widget[] = [];
  for (let next = widget.parent; next; next = next.parent) above.push(next);
  return above;
}

/** Calls `then` once, when a view in `node` has painted, or says what is wrong. */
function whenReady(node: HTMLElement, ended: AbortSignal, then: (root: HTMLElement) => void): void {
  const observer = new MutationObserver(look);
  function look(): void {
    const root = node.querySelector<HTMLElement>('.headscope[data-state="ready"], .headscope[data-state="error"]');
    if (!root) return;
    observer.disconnect();
    then(root);
  }
  observer.observe(node, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
  ended.addEventListener("abort", () => observer.disconnect(), { once: true });
  look();
}
