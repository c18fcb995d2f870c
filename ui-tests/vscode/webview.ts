/** Plays the webview: what VS Code's preloads and the Jupyter extension's renderer do around the widget manager. */

import { handleClicks } from "./clicks";
import type { WebviewToWorkbench, WorkbenchToWebview } from "./messages";
import { Outputs } from "./outputs";
import { PostOffice } from "./post-office";
import { applyTheme } from "./themes";

async function start(): Promise<void> {
  const office = new PostOffice();
  const container = document.getElementById("container") as HTMLElement;
  // As in VS Code, nothing in here reaches the workbench's window.
  Object.assign(window, { parent: window });
  handleClicks((data, name) => office.tellWorkbench({ type: "clicked-data-url", data, name }));
  new ResizeObserver(() => {
    office.tellWorkbench({ type: "height", height: container.scrollHeight } satisfies WebviewToWorkbench);
  }).observe(container);
  const outputs = new Outputs(container, office);
  office.hear((message) => {
    const { type } = message as WorkbenchToWebview;
    if (type === "theme") applyTheme((message as WorkbenchToWebview & { type: "theme" }).theme);
    if (type === "output") outputs.show((message as WorkbenchToWebview & { type: "output" }).output);
  });
  await outputs.start();
  office.tellWorkbench({ type: "loaded" });
  office.tellExtensionHost({ type: "ready" });
}

void start();
