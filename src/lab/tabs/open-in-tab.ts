import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { DOMUtils, ICommandPalette, MainAreaWidget, Notification } from "@jupyterlab/apputils";
import type { CodeCell } from "@jupyterlab/cells";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import type { Widget } from "@lumino/widgets";
import { headscopeIcon } from "../shared/icon";

export const OPEN_IN_TAB = "headscope:open-in-tab";

const NO_VIEW =
  "The selected cell shows no Headscope view. Run a cell that ends in a capture or one of its views, " +
  "select that cell, then choose this command again.";

/** A command that shows the selected cell's view in its own tab, live and in step with the cell. */
export const openInTab: JupyterFrontEndPlugin<void> = {
  id: "headscope:open-in-tab",
  description: "Opens the view of the selected cell in a tab of its own.",
  autoStart: true,
  // All optional: Notebook 7 has no shell with tabs.
  optional: [ILabShell, INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    shell: ILabShell | null,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
  ) => {
    if (!shell || !tracker) return;
    app.commands.addCommand(OPEN_IN_TAB, {
      label: "Headscope: Open the selected cell's view in a tab",
      caption: "Show the view beside the notebook, live and in step with the cell",
      icon: headscopeIcon,
      isEnabled: () => selectedView(tracker) !== null,
      execute: () => open(shell, tracker),
      describedBy: { args: { type: "object", properties: {} } },
    });
    tracker.activeCellChanged.connect(() => app.commands.notifyCommandChanged(OPEN_IN_TAB));
    palette?.addItem({ command: OPEN_IN_TAB, category: "Headscope" });
    app.contextMenu.addItem({ command: OPEN_IN_TAB, selector: ".jp-Notebook .headscope", rank: 0 });
  },
};

function open(shell: ILabShell, tracker: INotebookTracker): void {
  const view = selectedView(tracker);
  if (view === null) {
    Notification.warning(NO_VIEW, { autoClose: 8000 });
    return;
  }
  const tab = viewTab(view);
  shell.add(tab, "main", { mode: "split-right", ref: view.notebook.id });
  shell.activateById(tab.id);
}

/** A tab with a second rendering of the cell's output. It lives as long as the cell. */
function viewTab({ cell, root }: SelectedView): MainAreaWidget<Widget> {
  const content = cell.cloneOutputArea();
  content.addClass("headscope-tab");
  const tab = new MainAreaWidget({ content });
  tab.id = DOMUtils.createDomID();
  tab.title.label = root.getAttribute("aria-label") ?? "Headscope";
  tab.title.caption = `Headscope: ${tab.title.label}`;
  tab.title.icon = headscopeIcon;
  const close = () => tab.dispose();
  cell.disposed.connect(close);
  tab.disposed.connect(() => cell.disposed.disconnect(close));
  return tab;
}

/** A Headscope view in a cell's output. */
interface SelectedView {
  readonly notebook: NotebookPanel;
  readonly cell: CodeCell;
  readonly root: HTMLElement;
}

/** The first view in the output of the selected cell of the active notebook; null if there is none. */
function selectedView(tracker: Pick<INotebookTracker, "currentWidget" | "activeCell">): SelectedView | null {
  const { currentWidget: notebook, activeCell: cell } = tracker;
  if (!notebook || cell?.model.type !== "code") return null;
  const code = cell as CodeCell;
  const root = code.outputArea.node.querySelector<HTMLElement>(".headscope[data-view]");
  return root && { notebook, cell: code, root };
}
