import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { announceFrontEnd } from "../core/state/front-end";
import { commands } from "./commands";
import { openFiles } from "./document/file-viewer";
import { panel } from "./panel/side-panel";
import { settings } from "./settings";
import { liveCapturesPlugin } from "./shared/live-captures";
import { snapshots } from "./snapshot/snapshot-plugin";
import { liveTabs } from "./tabs/live-tabs";
import { openInTab } from "./tabs/open-in-tab";

/** Publishes the version of this extension, so that views can report a kernel with another version. */
const frontEnd: JupyterFrontEndPlugin<void> = {
  id: "headscope:front-end",
  description: "Tells views the version of this extension.",
  autoStart: true,
  activate: () => announceFrontEnd(),
};

// biome-ignore lint/suspicious/noExplicitAny: each plugin provides another type
const plugins: JupyterFrontEndPlugin<any>[] = [
  frontEnd,
  settings,
  liveCapturesPlugin,
  liveTabs,
  panel,
  commands,
  openInTab,
  openFiles,
  snapshots,
];

export default plugins;
