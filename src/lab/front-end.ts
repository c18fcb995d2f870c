import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { announceFrontEnd } from "../core/front-end";

/** Lets views say so when the kernel's Headscope is another than this extension's. */
export const frontEnd: JupyterFrontEndPlugin<void> = {
  id: "headscope:front-end",
  description: "Tells views the version of this extension.",
  autoStart: true,
  activate: () => announceFrontEnd(),
};
