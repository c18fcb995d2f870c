import { signal } from "@preact/signals-core";
import type { SnapshotState } from "../../contract.gen";
import type { Selection, ViewContext } from "./context";
import { localOptions } from "./local-options";
import { heldNotes } from "./notes";
import { placeSignals } from "./option-signals";

/** Everything that a view needs besides its state. */
export type ContextParts = Pick<
  ViewContext,
  "name" | "maps" | "source" | "status" | "file" | "holding" | "pictureExporter"
>;

/** The context of a view without a widget: its selection and its options are signals of this page. */
export function localContext(state: SnapshotState, given: ContextParts): ViewContext {
  const selection = localSelection(state);
  const notes = heldNotes(given.maps, given.status);
  return { ...given, selection, notes, options: localOptions(state, given.maps, selection.map) };
}

function localSelection(state: SnapshotState): Selection {
  return {
    ...placeSignals((name) => signal(state[name])),
    hover: signal<Selection["hover"]["value"]>({ query: null, key: null }),
  };
}
