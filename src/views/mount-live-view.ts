import type { Signal } from "@preact/signals-core";
import type { ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/state/context";
import { announceView, type LiveCapture } from "../core/state/live";
import { liveView } from "./frame/live-view";
import { applySettings, themeOf } from "./frame/user-settings";
import { mountView } from "./mount-view";

/** The connections of a live view to its page. */
export interface LiveMount {
  /** The options that Python or the reader has set; the user's settings decide the others. */
  readonly decided: Signal<readonly string[]>;
  /** The capture of the view, for the page's list of views that JupyterLab's commands use. */
  readonly capture: LiveCapture;
}

/**
 * Draws a view until `signal` aborts. The view follows the user's settings, and the page lists it. Standalone pages do
 * neither and are smaller without this code. Returns the context with the theme that is shown.
 */
export function mountLiveView(
  root: HTMLElement,
  kind: ViewKind,
  context: ViewContext,
  { decided, capture }: LiveMount,
  signal: AbortSignal,
): ViewContext {
  const { options } = context;
  applySettings(options, decided, signal);
  const shown = { ...context, options: { ...options, theme: themeOf(options.theme, signal) } };
  mountView(root, kind, shown, signal);
  announceView(liveView(root, shown, capture, signal), signal);
  return shown;
}
