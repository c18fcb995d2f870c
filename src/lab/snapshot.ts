import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { SNAPSHOT_TYPE } from "../contract.gen";
import { Keeping } from "./snapshot-keeper";
import { SnapshotRenderer } from "./snapshot-renderer";

/** Before the widgets' own renderer, which has -10: while a view's model lives, it is handed on to that one. */
const RANK = -20;

/** Shows the views of saved notebooks, trusted or not, with a kernel or without. */
export const snapshots: JupyterFrontEndPlugin<void> = {
  id: "headscope:snapshots",
  description: "Shows the views of saved notebooks as they were left.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, rendermime: IRenderMimeRegistry, tracker: INotebookTracker | null) => {
    const keeping = new Keeping();
    rendermime.addFactory(
      {
        // Tokens and sentences stand in the page as text alone, and a snapshot brings no code.
        safe: true,
        mimeTypes: [SNAPSHOT_TYPE],
        createRenderer: () => new SnapshotRenderer(tracker, keeping),
      },
      RANK,
    );
  },
};
