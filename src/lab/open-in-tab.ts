import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { headscopeIcon } from "./icon";
import { selectedView } from "./selected-view";
import { viewTab } from "./view-tab";

export const OPEN_IN_TAB = "headscope:open-in-tab";

const NO_VIEW =
  "The selected cell shows no Headscope view. Run a cell that ends in a capture or one of its views, " +
  "select that cell, then choose this command again.";

/** A command that shows the selected cell's view in a tab of its own, live and in step with the cell. */
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
