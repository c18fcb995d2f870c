import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type LiveView, liveViews } from "../../core/state/live";
import type { LiveCaptures } from "./live-captures";

/**
 * The target of commands: the view with the focus, otherwise the first view of the active tab; in a notebook that of
 * the selected cell, otherwise the last one. Null if there is none.
 */
export function targetView({ currentWidget }: JupyterFrontEnd.IShell, live: LiveCaptures): LiveView | null {
  const views = liveViews();
  const focused = views.find(({ root }) => root.contains(document.activeElement));
  if (focused) return focused;
  const housed = live.views().filter(({ notebook }) => notebook === currentWidget);
  const selected = housed.find(({ notebook, cell }) => notebook.content.activeCell === cell);
  const found = selected?.view ?? housed.at(-1)?.view;
  return found ?? views.find(({ root }) => currentWidget?.node.contains(root)) ?? null;
}
