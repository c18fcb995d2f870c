import { signal as signalOf } from "@preact/signals-core";
import type { ViewContext } from "../../core/state/context";
import type { LiveCapture } from "../../core/state/live";
import { liveCapture } from "../../core/state/live-capture";
import { localContext } from "../../core/state/local-context";
import { localOptions } from "../../core/state/local-options";
import { startOfFile, stateOf, type ViewState } from "../../core/state/view-state";
import { effectUntil } from "../../dom/until";
import { pictureExporter } from "../../figure/picture-exporter";
import { openFile } from "../../sources/file/open-file";
import { DECIDABLE } from "../../views/frame/user-settings";
import { mountLiveView } from "../../views/mount-live-view";
import { mountView, viewRoot } from "../../views/mount-view";
import { type AskRange, HttpReader } from "./http-reader";

/** A file on the server, and the state in which the reader left it. */
export interface ShownFile {
  readonly name: string;
  readonly ask: AskRange;
  readonly left: unknown;
  readonly keep: (state: ViewState) => void;
  /** Called once if the server now has another file. */
  readonly changed: () => void;
}

/** Shows a file in `root` until `signal` aborts. Rejects with a message for users if it cannot be opened. */
export async function showFile(root: HTMLElement, file: ShownFile, signal: AbortSignal): Promise<HttpReader> {
  const reader = await HttpReader.open(file.name, file.ask, signal);
  const { name, maps, source } = await openFile(reader, signal);
  const own = localContext(startOfFile(maps, file.left), {
    name: signalOf(name),
    maps: signalOf(maps),
    source: source(),
    status: signalOf("file" as const),
    file: signalOf(file.name),
    pictureExporter,
  });
  // A file that the reader has seen before keeps its state; only a new one starts with the reader's settings.
  const decided = signalOf(file.left ? DECIDABLE : []);
  mountLiveView(root, "explorer", own, { decided, capture: captureOf(own, signal) }, signal);
  effectUntil(signal, () => file.keep(stateOf(own)));
  effectUntil(signal, () => {
    if (reader.changed.value) file.changed();
  });
  return reader;
}

/** The file's capture. Other views of it can be drawn while the file is open. */
function captureOf(own: ViewContext, ended: AbortSignal): LiveCapture {
  return liveCapture(own, (kind, el, closed, given = {}) => {
    const signal = AbortSignal.any([closed, ended]);
    const context = { ...own, options: localOptions(given, own.maps, own.selection.map) };
    mountView(viewRoot(el, signal), kind, context, signal);
  });
}
