import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { SNAPSHOT_TYPE } from "../../contract.gen";
import { SnapshotQueue } from "./keep-snapshot";
import { SnapshotRenderer } from "./snapshot-renderer";

/**
 * Takes precedence over the widgets' own renderer, which has -10. While a view's model lives, the output is passed on
 * to that renderer.
 */
const RANK = -20;

/** Shows the views of saved notebooks, trusted or not, with or without a kernel. */
export const snapshots: JupyterFrontEndPlugin<void> = {
  id: "headscope:snapshots",
  description: "Shows the views of saved notebooks as they were left.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, rendermime: IRenderMimeRegistry, tracker: INotebookTracker | null) => {
    const keeping = new SnapshotQueue();
    rendermime.addFactory(
      {
        // Tokens and sentences enter the page only as text, and a snapshot brings no code.
        safe: true,
        mimeTypes: [SNAPSHOT_TYPE],
        createRenderer: () => new SnapshotRenderer(tracker, keeping),
      },
      RANK,
    );
  },
};
