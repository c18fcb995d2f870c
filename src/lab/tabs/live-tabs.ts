import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { DOMUtils, ICommandPalette, WidgetTracker } from "@jupyterlab/apputils";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { ViewKind } from "../../contract.gen";
import { userSettings } from "../../core/state/live";
import { VIEW_KINDS } from "../../options.gen";
import { headscopeIcon } from "../shared/icon";
import { ILiveCaptures, type LiveCaptures, type NotebookCapture } from "../shared/live-captures";
import { targetView } from "../shared/target-view";
import { isViewKind, kindName } from "../shared/view-names";
import { captureAt, LiveTab, type TabPlace, tabPlace } from "./live-tab";

export const OPEN_VIEW = "headscope:open-view";

/** A command that opens any view of a capture in its own tab, and restores these tabs after a reload. */
export const liveTabs: JupyterFrontEndPlugin<void> = {
  id: "headscope:live-tabs",
  description: "Opens views of live captures in tabs of their own.",
  autoStart: true,
  requires: [ILiveCaptures],
  // Notebook 7 has no shell with tabs.
  optional: [ILabShell, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    live: LiveCaptures,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
  ) => {
    if (!shell) return;
    const tabs = new WidgetTracker<LiveTab>({ namespace: "headscope-views" });
    const openNotebook = (path: string) => void app.commands.execute("docmanager:open", { path });
    const open = (place: TabPlace, options: DocumentRegistry.IOpenOptions) => {
      const known = tabs.find((tab) => keyOf(tab.place) === keyOf(place));
      const tab = known ?? newTab(place);
      if (!known) shell.add(tab, "main", options);
      if (options.activate) shell.activateById(tab.id);
    };
    const newTab = (place: TabPlace) => {
      const tab = new LiveTab(place, live, openNotebook);
      tab.id = DOMUtils.createDomID();
      tab.moved.connect(() => void tabs.save(tab));
      void tabs.add(tab);
      return tab;
    };
    app.commands.addCommand(OPEN_VIEW, {
      label: ({ kind }) => `Open the ${isViewKind(kind) ? kindName(kind) : "default view"} in a tab`,
      caption: "Show a view of the capture beside its notebook, live and in step with its other views",
      icon: ({ isPalette }) => (isPalette ? undefined : headscopeIcon),
      isEnabled: (args) => tabPlaceOf(args) !== null || targetCapture(shell, live) !== undefined,
      execute: (args) => {
        const place = tabPlaceOf(args);
        const found = place ? captureAt(place, live) : targetCapture(shell, live);
        const target = place ?? (found && tabPlace(found, live, kindOf(args)));
        if (target) open(target, args.restored ? { activate: false } : { activate: true, ...beside(tabs, found) });
      },
      describedBy: { args: ARGS },
    });
    void restorer?.restore(tabs, {
      command: OPEN_VIEW,
      args: ({ place }) => ({ ...place, restored: true }),
      name: ({ place }) => keyOf(place),
    });
    const changed = () => app.commands.notifyCommandChanged(OPEN_VIEW);
    live.changed.connect(changed);
    shell.currentChanged.connect(changed);
    for (const kind of VIEW_KINDS) palette?.addItem({ command: OPEN_VIEW, category: "Headscope", args: { kind } });
  },
};

const ARGS = {
  type: "object",
  properties: {
    kind: { type: "string", enum: [...VIEW_KINDS], description: "The view; by default the one in the settings" },
    path: { type: "string", description: "The notebook; by default the capture of the view in front is opened" },
    cell: { type: "string", description: "The id of the cell that shows the capture" },
    name: { type: "string", description: "The name of the capture" },
    nth: { type: "integer", description: "Which of several captures of this name in the cell, from 0" },
    restored: { type: "boolean", description: "Leave the tab where the layout puts it, and the focus where it is" },
  },
};

function keyOf({ path, cell, name, nth, kind }: TabPlace): string {
  return JSON.stringify([path, cell, name, nth, kind]);
}

function kindOf({ kind }: ReadonlyPartialJSONObject): ViewKind {
  return isViewKind(kind) ? kind : userSettings().defaultView;
}

function tabPlaceOf(args: ReadonlyPartialJSONObject): TabPlace | null {
  const { path, cell, name, nth } = args;
  const isPlace = typeof path === "string" && typeof cell === "string" && typeof name === "string";
  return isPlace ? { path, cell, name, nth: typeof nth === "number" ? nth : 0, kind: kindOf(args) } : null;
}

/** The capture at which commands are directed. */
function targetCapture(shell: ILabShell, live: LiveCaptures): NotebookCapture | undefined {
  const capture = targetView(shell, live)?.capture;
  return live.list().find((one) => one.capture === capture);
}

/** The first tab of a notebook splits the area, and the others join it. */
function beside(tabs: WidgetTracker<LiveTab>, found: NotebookCapture | undefined): DocumentRegistry.IOpenOptions {
  if (!found) return {};
  const { notebook } = found;
  const other = tabs.find((tab) => tab.isAttached && tab.place.path === notebook.context.path);
  return other ? { mode: "tab-after", ref: other.id } : { mode: "split-right", ref: notebook.id };
}
