import type { ISessionContext } from "@jupyterlab/apputils";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { Panel, type Widget } from "@lumino/widgets";
import { SNAPSHOT_TYPE } from "../../contract.gen";
import { readSnapshot } from "../../core/state/snapshot";
import { snapshotOfferOf } from "../../core/state/snapshot-offer";
import { element } from "../../dom/element";
import { childOf } from "../../dom/until";
import { keepSnapshot, type SnapshotQueue } from "./keep-snapshot";

export const WIDGET_TYPE = "application/vnd.jupyter.widget-view+json";

const DAMAGED = "The notebook's snapshot of this view can't be shown. Run the cell to see the view.";

/** The place of an output: the parts of JupyterLab that show it. */
interface OutputPlace {
  readonly rendermime: IRenderMimeRegistry | null;
  /** The session that runs the cells; null if it is unknown. */
  readonly session: ISessionContext | null;
  /** The notebook, if the output is in it and not in a copy beside it. */
  readonly notebook: NotebookPanel | null;
}

/**
 * Shows a view of a notebook: the live widget while its model lives in the kernel, otherwise the snapshot in the
 * notebook. Once the model is there, as after a reload of the page, the live view takes over.
 */
export class SnapshotRenderer extends Panel implements IRenderMime.IRenderer {
  readonly #tracker: INotebookTracker | null;
  readonly #keeping: SnapshotQueue;
  #model: IRenderMime.IMimeModel | null = null;
  #live: { readonly id: string; readonly widget: IRenderMime.IRenderer } | null = null;
  /** Ends what the output currently shows and waits for. */
  #shown = new AbortController();
  /** Ends the drawn snapshot. */
  #drawn = new AbortController();

  constructor(tracker: INotebookTracker | null, keeping: SnapshotQueue) {
    super();
    this.#tracker = tracker;
    this.#keeping = keeping;
    this.addClass("headscope-output");
  }

  /**
   * Called with the same model again whenever its data changes, for example when a newer snapshot is written into it.
   */
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

  /**
   * Waits until the widget manager has restored the kernel's models, which it does some time after it has connected,
   * without an event.
   */
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

  #goLive(model: IRenderMime.IMimeModel, id: string, { rendermime, notebook }: OutputPlace): void {
    const widget = rendermime?.createRenderer(WIDGET_TYPE) as IRenderMime.IRenderer;
    const ended = this.#shown.signal;
    this.#live = { id, widget };
    // The snapshot stays until the live view is ready, so that nothing flickers or moves twice.
    const isWaiting = this.node.childElementCount > 0;
    widget.node.classList.toggle("headscope-coming", isWaiting);
    this.addWidget(widget as unknown as Widget);
    void widget.renderModel(model);
    followReady(widget.node, ended, (root, shown) => {
      this.#drawn.abort();
      widget.node.classList.remove("headscope-coming");
      for (const child of [...this.node.children]) if (child !== widget.node) child.remove();
      const offer = snapshotOfferOf(root);
      // Of views side by side the notebook keeps how they were first shown.
      const isOne = panelsOf(model.data[SNAPSHOT_TYPE]).length === 1;
      if (notebook && offer && isOne) keepSnapshot(model, offer, notebook.context, this.#keeping, shown);
    });
  }

  #showSnapshot(model: IRenderMime.IMimeModel): void {
    const { data, metadata } = model;
    this.#drawn = childOf(this.#shown.signal);
    const ended = this.#drawn.signal;
    const size = (metadata["image/png"] as { width?: unknown } | undefined)?.width;
    const still = (sentence?: string) => this.node.replaceChildren(stillOf(data["image/png"], size, sentence));
    try {
      const snapshots = panelsOf(data[SNAPSHOT_TYPE]).map(readSnapshot);
      if (snapshots.some(({ parts }) => parts.length === 0)) {
        still();
        return;
      }
      const box = element("div", { class: snapshots.length > 1 ? "headscope-side-by-side" : "" });
      this.node.append(box);
      // The code of the views is a large part of the extension, and most pages show no snapshot.
      import("./draw-snapshot")
        .then(({ drawSnapshot }) => {
          for (const snapshot of ended.aborted ? [] : snapshots) drawSnapshot(box, snapshot, ended);
        })
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

  #place(): OutputPlace {
    const above = ancestors(this);
    const area = above.find((widget) => "rendermime" in widget && "model" in widget);
    const rendermime = (area as { rendermime?: IRenderMimeRegistry } | undefined)?.rendermime ?? null;
    const host = above.find((widget) => "sessionContext" in widget) as NotebookPanel | undefined;
    const notebook = host && this.#tracker?.has(host) ? host : null;
    // A copy of the output in its own tab shares the rendermime of its notebook.
    const origin = this.#tracker?.find((panel) => panel.content.rendermime === rendermime);
    return { rendermime, session: host?.sessionContext ?? origin?.sessionContext ?? null, notebook };
  }
}

/** The snapshots of an output: several if it shows views side by side. */
function panelsOf(value: unknown): readonly unknown[] {
  const { panels } = Object(value ?? {}) as { panels?: unknown };
  return Array.isArray(panels) && panels.length > 0 ? panels : [value];
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

/**
 * Calls `then` when a view in `node` has painted or shows an error, and again when another takes its place, as the menu
 * of several texts does. The signal ends with the view's turn.
 */
function followReady(
  node: HTMLElement,
  ended: AbortSignal,
  then: (root: HTMLElement, shown: AbortSignal) => void,
): void {
  let [last, turn]: [HTMLElement | null, AbortController] = [null, new AbortController()];
  const observer = new MutationObserver(look);
  function look(): void {
    const root = node.querySelector<HTMLElement>('.headscope[data-state="ready"], .headscope[data-state="error"]');
    if (!root || root === last) return;
    turn.abort();
    [last, turn] = [root, childOf(ended)];
    then(root, turn.signal);
  }
  observer.observe(node, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
  ended.addEventListener("abort", () => observer.disconnect(), { once: true });
  look();
}

const HELD =
  "The notebook keeps only a picture of this view, because its weights are too large. Run the cell to explore it.";

/** Shows a view whose weights the notebook does not hold: its picture, if any, and a sentence. */
function stillOf(picture: unknown, width: unknown, sentence = HELD): HTMLElement {
  const note = element("div", { class: "headscope-note" }, sentence);
  const box = element("div", { class: "headscope-still" });
  if (typeof picture === "string" && picture) {
    const image = element("img", {
      alt: "Picture of the view as it was left",
      src: `data:image/png;base64,${picture}`,
    });
    if (typeof width === "number" && width > 0) image.width = width;
    box.append(image);
  }
  box.append(note);
  return box;
}
