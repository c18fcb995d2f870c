import { signal as signalOf } from "@preact/signals-core";
import type { ViewContext } from "../core/context";
import { announceView, type LiveCapture } from "../core/live";
import { liveCapture } from "../core/live-capture";
import { localContext } from "../core/local-context";
import { localOptions } from "../core/local-options";
import { keepSelectionValid } from "../core/valid";
import { startOfFile, stateOf, type ViewState } from "../core/view-state";
import { printer } from "../dom/printer";
import { effectUntil } from "../dom/until";
import { openFile } from "../sources/file-open";
import { liveView } from "../views/live-view";
import { applySettings, DECIDABLE, themeOf } from "../views/reader";
import { views } from "../views/registry";
import { type AskRange, HttpReader } from "./http-reader";

/** A file of the server, and how the reader left it. */
export interface ShownFile {
  readonly name: string;
  readonly ask: AskRange;
  readonly left: unknown;
  readonly keep: (state: ViewState) => void;
  /** Called once when the server is found to have another file by now. */
  readonly changed: () => void;
}

/** Shows a file in `root` until `signal` aborts. Rejects with a sentence for people where it can't be opened. */
export async function showFile(root: HTMLElement, file: ShownFile, signal: AbortSignal): Promise<HttpReader> {
  const reader = await HttpReader.open(file.name, file.ask, signal);
  const { name, maps, source } = await openFile(reader, signal);
  const own = localContext(startOfFile(maps, file.left), {
    name: signalOf(name),
    maps: signalOf(maps),
    source: source(),
    status: signalOf("file" as const),
    file: signalOf(file.name),
    printer,
  });
  keepSelectionValid(own, signal);
  // A file comes back as it was left; only one that is new to this reader begins as the settings say.
  applySettings(own.options, signalOf(file.left ? DECIDABLE : []), signal);
  const context = { ...own, options: { ...own.options, theme: themeOf(own.options.theme, signal) } };
  views.explorer(root, context, signal);
  // JupyterLab's commands act on the views that the page lists.
  announceView(liveView(root, context, captureOf(own, signal), signal), signal);
  effectUntil(signal, () => file.keep(stateOf(own)));
  effectUntil(signal, () => {
    if (reader.changed.value) file.changed();
  });
  return reader;
}

/** The file's capture, of which other views can be drawn as long as the file is open. */
function captureOf(own: ViewContext, ended: AbortSignal): LiveCapture {
  return liveCapture(own, (kind, el, closed, given = {}) => {
    const signal = AbortSignal.any([closed, ended]);
    const root = el.appendChild(document.createElement("div"));
    views[kind](root, { ...own, options: localOptions(given, own.maps, own.selection.map) }, signal);
    signal.addEventListener("abort", () => root.remove(), { once: true });
  });
}
