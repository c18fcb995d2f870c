import type { CodeCell } from "@jupyterlab/cells";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";

/** A Headscope view in a cell's output. */
export interface SelectedView {
  readonly notebook: NotebookPanel;
  readonly cell: CodeCell;
  readonly root: HTMLElement;
}

/** The first view in the output of the selected cell of the notebook in front; null where there is none. */
export function selectedView(tracker: Pick<INotebookTracker, "currentWidget" | "activeCell">): SelectedView | null {
  const { currentWidget: notebook, activeCell: cell } = tracker;
  if (!notebook || cell?.model.type !== "code") return null;
  const code = cell as CodeCell;
  const root = code.outputArea.node.querySelector<HTMLElement>(".headscope[data-view]");
  return root && { notebook, cell: code, root };
}
