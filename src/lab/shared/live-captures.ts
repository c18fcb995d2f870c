import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import type { CodeCell } from "@jupyterlab/cells";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { Token } from "@lumino/coreutils";
import { type ISignal, Signal } from "@lumino/signaling";
import { followLive, type LiveCapture, type LiveView, liveCaptures, liveViews } from "../../core/state/live";

/** A view in a cell of an open notebook. */
export interface NotebookView {
  readonly view: LiveView;
  readonly notebook: NotebookPanel;
  readonly cell: CodeCell;
}

/** A capture in an open notebook, and the first cell that shows it. */
export interface NotebookCapture extends NotebookView {
  readonly capture: LiveCapture;
}

export const ILiveCaptures = new Token<LiveCaptures>(
  "headscope:ILiveCaptures",
  "The captures that live in the open notebooks.",
);

/**
 * A view is announced before the notebook has put it into its cell. This is the delay until the next look, in
 * milliseconds.
 */
const SOON = 50;

const LOST = new Set(["restarting", "autorestarting", "terminating", "dead"]);

/** The captures in the open notebooks, as long as JupyterLab runs. */
export class LiveCaptures {
  readonly #tracker: INotebookTracker | null;
  readonly #changed = new Signal<this, void>(this);
  /**
   * The last known notebook of each capture. When a kernel ends, all its captures go with it, even those that no cell
   * shows.
   */
  readonly #homes = new WeakMap<LiveCapture, NotebookPanel>();
  readonly #gone = new WeakSet<LiveCapture>();
  #housed: readonly NotebookView[] = [];
  #isDue = false;

  constructor(tracker: INotebookTracker | null) {
    this.#tracker = tracker;
    const untilUnload = new AbortController().signal;
    followLive(() => this.#lookSoon(0), untilUnload);
    tracker?.forEach((notebook) => {
      this.#watch(notebook);
    });
    tracker?.widgetAdded.connect((_, notebook) => this.#watch(notebook));
  }

  /** Emitted when a capture is added, removed or moved. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** Every view in a cell, in the order of notebooks and cells. */
  views(): readonly NotebookView[] {
    return this.#housed.filter(({ view }) => !this.isGone(view.capture));
  }

  /** Every capture that a cell shows, listed once. */
  list(): readonly NotebookCapture[] {
    const captures = new Map<LiveCapture, NotebookCapture>();
    for (const housed of this.views()) {
      const { capture } = housed.view;
      if (!captures.has(capture)) captures.set(capture, { ...housed, capture });
    }
    return [...captures.values()];
  }

  /** Whether a capture's kernel no longer holds it. */
  isGone(capture: LiveCapture): boolean {
    return this.#gone.has(capture) || !liveCaptures().includes(capture);
  }

  #watch(notebook: NotebookPanel): void {
    const { sessionContext } = notebook;
    const lose = () => {
      for (const capture of liveCaptures()) {
        if (this.#homes.get(capture) === notebook) this.#gone.add(capture);
      }
      this.#changed.emit();
    };
    sessionContext.statusChanged.connect((_, status) => {
      if (LOST.has(status)) lose();
    });
    sessionContext.kernelChanged.connect((_, { oldValue }) => {
      if (oldValue) lose();
    });
    notebook.disposed.connect(() => {
      lose();
      this.#lookSoon(0);
    });
    notebook.context.pathChanged.connect(() => this.#changed.emit());
    this.#lookSoon(0);
  }

  /** Many views may arrive at once, so one look serves them all. */
  #lookSoon(wait: number): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      this.#look();
    }, wait);
  }

  #look(): void {
    const cells = this.#cells();
    const views = liveViews();
    this.#housed = cells.flatMap(({ notebook, cell }) =>
      views
        .filter(({ root }) => root.closest(".jp-Cell") === cell.node)
        .map((view) => ({ view, notebook, cell: cell as CodeCell })),
    );
    for (const { view, notebook } of this.#housed) this.#homes.set(view.capture, notebook);
    const isComing = views.some(({ root }) => !root.isConnected && !root.closest(".jp-Cell"));
    if (isComing) this.#lookSoon(SOON);
    this.#changed.emit();
  }

  #cells() {
    const notebooks: NotebookPanel[] = [];
    this.#tracker?.forEach((notebook) => {
      if (!notebook.isDisposed) notebooks.push(notebook);
    });
    return notebooks.flatMap((notebook) => notebook.content.widgets.map((cell) => ({ notebook, cell })));
  }
}

/** Follows the captures of the open notebooks for the panel, the tabs and the commands. */
export const liveCapturesPlugin: JupyterFrontEndPlugin<LiveCaptures> = {
  id: "headscope:live",
  description: "Follows the captures that live in the open notebooks.",
  autoStart: true,
  provides: ILiveCaptures,
  optional: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker | null) => new LiveCaptures(tracker),
};
