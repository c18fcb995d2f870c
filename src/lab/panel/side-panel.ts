import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import type { ViewKind } from "../../contract.gen";
import { ILiveCaptures, type LiveCaptures, type NotebookCapture } from "../shared/live-captures";
import { tabPlace } from "../tabs/live-tab";
import { OPEN_VIEW } from "../tabs/live-tabs";
import { CapturePanel } from "./panel-widget";

export const SHOW_PANEL = "headscope:show-panel";

/** After JupyterLab's own panels. */
const RANK = 500;

/** A side panel that lists the captures of the open notebooks. */
export const panel: JupyterFrontEndPlugin<void> = {
  id: "headscope:panel",
  description: "Lists the captures that live in the open notebooks in a side panel.",
  autoStart: true,
  requires: [ILiveCaptures],
  optional: [INotebookTracker, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    live: LiveCaptures,
    tracker: INotebookTracker | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
  ) => {
    if (!tracker) return;
    const { commands, shell } = app;
    const widget = new CapturePanel(live, {
      jump: (housed) => void showCell(app, housed),
      get open() {
        if (!commands.hasCommand(OPEN_VIEW)) return undefined;
        return (housed: NotebookCapture, kind: ViewKind) =>
          void commands.execute(OPEN_VIEW, { ...tabPlace(housed, live, kind) });
      },
    });
    widget.id = "headscope-panel";
    shell.add(widget, "left", { rank: RANK, type: "Headscope" });
    restorer?.add(widget, widget.id);
    commands.addCommand(SHOW_PANEL, {
      label: "Show the Headscope panel",
      caption: "List the captures that live in the open notebooks",
      execute: () => {
        shell.activateById(widget.id);
        widget.node.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
      },
      describedBy: { args: { type: "object", properties: {} } },
    });
    palette?.addItem({ command: SHOW_PANEL, category: "Headscope" });
  },
};

async function showCell({ shell }: JupyterFrontEnd, { notebook, cell }: NotebookCapture): Promise<void> {
  shell.activateById(notebook.id);
  notebook.content.activeCellIndex = notebook.content.widgets.indexOf(cell);
  await notebook.content.scrollToCell(cell, "smart");
}
