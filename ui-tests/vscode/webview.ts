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
  // VS Code's webviews pass on the keys that the page has not stopped, and a keymap may act on them.
  addEventListener("keydown", ({ key }) => {
    office.tellWorkbench({ type: "did-keydown", key } satisfies WebviewToWorkbench);
  });
  // VS Code scrolls the notebook itself, because its own box scrolls nothing.
  addEventListener("wheel", ({ deltaY, defaultPrevented, target }) => {
    if (defaultPrevented || scrollsWithin(target as Element, deltaY)) return;
    office.tellWorkbench({ type: "did-scroll-wheel", delta: deltaY });
  });
  const outputs = new Outputs(container, office);
  office.hear((message) => {
    const { type } = message as WorkbenchToWebview;
    if (type === "theme") applyTheme((message as WorkbenchToWebview & { type: "theme" }).theme);
    if (type === "output") {
      const { output, top } = message as WorkbenchToWebview & { type: "output" };
      outputs.show(output, top);
    }
    if (type === "layout") outputs.place((message as WorkbenchToWebview & { type: "layout" }).places);
  });
  await outputs.start();
  office.tellWorkbench({ type: "loaded" });
  office.tellExtensionHost({ type: "ready" });
}

/** Whether a box in the page can take a turn of the wheel. */
function scrollsWithin(target: Element, delta: number): boolean {
  for (let box: Element | null = target; box && box.id !== "container"; box = box.parentElement) {
    if (!/auto|scroll/.test(getComputedStyle(box).overflowY)) continue;
    if (delta < 0 ? box.scrollTop > 0 : box.scrollTop + box.clientHeight < box.scrollHeight) return true;
  }
  return false;
}

void start();
