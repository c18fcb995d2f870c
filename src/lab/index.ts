import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { commands } from "./commands";
import { openFiles } from "./document";
import { frontEnd } from "./front-end";
import { live } from "./live";
import { liveTabs } from "./live-tabs";
import { openInTab } from "./open-in-tab";
import { panel } from "./panel";
import { settings } from "./settings";
import { snapshots } from "./snapshot";

// biome-ignore lint/suspicious/noExplicitAny: what a plugin provides is its own affair
const plugins: JupyterFrontEndPlugin<any>[] = [
  frontEnd,
  settings,
  live,
  liveTabs,
  panel,
  commands,
  openInTab,
  openFiles,
  snapshots,
];

export default plugins;
