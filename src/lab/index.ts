import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { openInTab } from "./open-in-tab";

const plugins: JupyterFrontEndPlugin<void>[] = [openInTab];

export default plugins;
