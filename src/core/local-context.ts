import { signal } from "@preact/signals-core";
import type { SnapshotState } from "../contract.gen";
import type { Selection, ViewContext } from "./context";
import { localOptions } from "./local-options";

/** What a view needs beside its state. */
export type Given = Pick<ViewContext, "name" | "maps" | "source" | "status" | "file" | "holding" | "printer">;

/** The context of a view that stands behind no widget: its selection and its options are signals of this page. */
export function localContext(state: SnapshotState, given: Given): ViewContext {
  const selection = localSelection(state);
  return { ...given, selection, options: localOptions(state, given.maps, selection.map) };
}

function localSelection(state: SnapshotState): Selection {
  return {
    map: signal(state.map),
    layer: signal(state.layer),
    heads: signal<readonly number[] | null>(state.heads),
    query: signal(state.query),
    key: signal(state.key),
    pair: signal(state.pair),
    hover: signal<Selection["hover"]["value"]>({ query: null, key: null }),
  };
}
