import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Clipboard, ICommandPalette, Notification } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import type { CommandRegistry } from "@lumino/commands";
import type { LiveView } from "../core/state/live";
import { ILiveCaptures, type LiveCaptures } from "./shared/live-captures";
import { targetView } from "./shared/target-view";

const FORMATS = { svg: "SVG", png: "PNG", html: "HTML page" } as const;
type Format = keyof typeof FORMATS;

const NO_VIEW = "There is no Headscope view here: open a notebook that shows one, then choose this command again.";

/** How long a message stays, in milliseconds. */
const LONG = 8000;
const SHORT = 4000;

/**
 * Commands on the view that has the focus, or else that of the selected cell or the active tab, or else the last one of
 * the notebook.
 */
export const commands: JupyterFrontEndPlugin<void> = {
  id: "headscope:commands",
  description: "Commands for the current Headscope view: layers, export, copy as Python.",
  autoStart: true,
  requires: [ILiveCaptures],
  optional: [INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    live: LiveCaptures,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
  ) => {
    const target = () => targetView(app.shell, live);
    const all = {
      "headscope:next-layer": command("Next layer", target, async (view) => void view.stepLayer(1)),
      "headscope:previous-layer": command("Previous layer", target, async (view) => void view.stepLayer(-1)),
      "headscope:copy-as-python": command("Copy the view as Python", target, copy),
      "headscope:export": exporter(target),
    };
    for (const [id, options] of Object.entries(all)) {
      app.commands.addCommand(id, options);
      const choices = id === "headscope:export" ? Object.keys(FORMATS).map((format) => ({ format })) : [{}];
      for (const args of choices) palette?.addItem({ command: id, category: "Headscope", args });
    }
    const changed = () => {
      for (const id of Object.keys(all)) app.commands.notifyCommandChanged(id);
    };
    live.changed.connect(changed);
    app.shell.currentChanged?.connect(changed);
    tracker?.activeCellChanged.connect(changed);
  },
};

function command(
  label: string,
  target: () => LiveView | null,
  act: (view: LiveView) => Promise<void>,
): CommandRegistry.ICommandOptions {
  return {
    label,
    isEnabled: () => target() !== null,
    execute: () => onTarget(target, act),
    describedBy: { args: { type: "object", properties: {} } },
  };
}

function exporter(target: () => LiveView | null): CommandRegistry.ICommandOptions {
  const formatOf = ({ format }: { readonly format?: unknown }): Format =>
    typeof format === "string" && format in FORMATS ? (format as Format) : "svg";
  return {
    label: (args) => `Export the view as ${FORMATS[formatOf(args)]}`,
    isEnabled: () => target() !== null,
    execute: (args) =>
      onTarget(target, async (view) => {
        const name = await view.save(formatOf(args));
        Notification.success(`Saved ${name}`, { autoClose: SHORT });
      }),
    describedBy: {
      args: { type: "object", properties: { format: { type: "string", enum: Object.keys(FORMATS) } } },
    },
  };
}

async function onTarget(target: () => LiveView | null, act: (view: LiveView) => Promise<void>): Promise<void> {
  const view = target();
  if (!view) {
    Notification.warning(NO_VIEW, { autoClose: LONG });
    return;
  }
  try {
    await act(view);
  } catch (error) {
    Notification.error((error as Error).message, { autoClose: LONG });
  }
}

async function copy(view: LiveView): Promise<void> {
  const text = view.python();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages served over plain HTTP have no such clipboard.
    Clipboard.copyToSystem(text);
  }
  Notification.info(`Copied ${text}`, { autoClose: SHORT });
}
