import type { CodeCell } from "@jupyterlab/cells";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import { Token } from "@lumino/coreutils";
import { type ISignal, Signal } from "@lumino/signaling";
import { followLive, type LiveCapture, type LiveView, liveCaptures, liveViews } from "../core/live";

/** A view in a cell of an open notebook. */
export interface HousedView {
  readonly view: LiveView;
  readonly notebook: NotebookPanel;
  readonly cell: CodeCell;
}

/** A capture in an open notebook, and the first cell that shows it. */
export interface HousedCapture extends HousedView {
  readonly capture: LiveCapture;
}

export const ILiveCaptures = new Token<LiveCaptures>(
  "headscope:ILiveCaptures",
  "The captures that live in the open notebooks.",
);

/** A view is told of before the notebook has put it into its cell: this is when to look again, in milliseconds. */
const SOON = 50;

const LOST = new Set(["restarting", "autorestarting", "terminating", "dead"]);

/** The captures that live in the open notebooks, for as long as JupyterLab runs. */
export class LiveCaptures {
  readonly #tracker: INotebookTracker | null;
  readonly #changed = new Signal<this, void>(this);
  /** Where each capture was seen last: a kernel takes all of its captures along, also those that no cell shows. */
  readonly #homes = new WeakMap<LiveCapture, NotebookPanel>();
  readonly #gone = new WeakSet<LiveCapture>();
  #housed: readonly HousedView[] = [];
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

  /** A capture has come, gone or moved. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** Every view in a cell, in the order of the notebooks and their cells. */
  views(): readonly HousedView[] {
    return this.#housed.filter(({ view }) => !this.isGone(view.capture));
  }

  /** Every capture that a cell shows, once. */
  list(): readonly HousedCapture[] {
    const captures = new Map<LiveCapture, HousedCapture>();
    for (const housed of this.views()) {
      const { capture } = housed.view;
      if (!captures.has(capture)) captures.set(capture, { ...housed, capture });
    }
    return [...captures.values()];
  }

  /** Whether a capture's kernel has let go of it. */
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

  /** Many views may come at once: they are looked for once. */
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
