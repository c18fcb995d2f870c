import { signal as signalOf } from "@preact/signals-core";
import { localContext } from "../core/local-context";
import { keepSelectionValid } from "../core/valid";
import { startOf, stateOf, type ViewState } from "../core/view-state";
import { printer } from "../dom/printer";
import { effectUntil } from "../dom/until";
import { openFile } from "../sources/file-open";
import { explorer } from "../views/explorer";
import { applySettings, themeOf } from "../views/reader";
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
  const own = localContext(startOf(maps, file.left), {
    name: signalOf(name),
    maps: signalOf(maps),
    source: source(),
    status: signalOf("file" as const),
    file: signalOf(file.name),
    printer,
  });
  keepSelectionValid(own, signal);
  // A file comes back as it was left; only one that is new to this reader begins as the settings say.
  applySettings(own.options, signalOf(file.left ? ["scale", "threshold"] : []), signal);
  const options = { ...own.options, theme: themeOf(own.options.theme, signal) };
  explorer(root, { ...own, options }, signal);
  effectUntil(signal, () => file.keep(stateOf(own)));
  effectUntil(signal, () => {
    if (reader.changed.value) file.changed();
  });
  return reader;
}
