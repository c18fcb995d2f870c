import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ILiveCaptures, LiveCaptures } from "./live-captures";

/** Follows the captures of the open notebooks for the panel, the tabs and the commands. */
export const live: JupyterFrontEndPlugin<LiveCaptures> = {
  id: "headscope:live",
  description: "Follows the captures that live in the open notebooks.",
  autoStart: true,
  provides: ILiveCaptures,
  optional: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker | null) => new LiveCaptures(tracker),
};
