import type { ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/state/context";
import { keepSelectionValid } from "../core/state/keep-selection-valid";
import { views } from "./registry";

/** Draws a view into `root` until `signal` aborts, and keeps its selection valid for its attention map. */
export function mountView(root: HTMLElement, kind: ViewKind, context: ViewContext, signal: AbortSignal): void {
  keepSelectionValid(context, signal);
  views[kind](root, context, signal);
}

/** Adds an element to `parent` as the root of a view, until `signal` aborts. */
export function viewRoot(parent: HTMLElement, signal: AbortSignal): HTMLElement {
  const root = parent.appendChild(document.createElement("div"));
  signal.addEventListener("abort", () => root.remove(), { once: true });
  return root;
}
