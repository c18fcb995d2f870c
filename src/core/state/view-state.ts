import type { MapDescription, SnapshotState } from "../../contract.gen";
import { DEFAULTS } from "../../options.gen";
import { isLong } from "../weights/map-size";
import type { ViewContext } from "./context";
import { optionValues } from "./option-signals";
import { validOptions } from "./option-values";

/** The part of a view's state that the reader changes; such a view lists all layers. */
export type ViewState = Omit<SnapshotState, "include_layers">;

/** The initial state of a view: as the reader left it, as far as that is saved and valid for these maps. */
export function startOf(maps: readonly MapDescription[], left: unknown): SnapshotState {
  const state = { ...DEFAULTS, ...validOptions(left), include_layers: [] };
  const isThere = maps.some(({ name }) => name === state.map);
  return isThere ? state : { ...state, map: maps[0]?.name ?? "" };
}

/**
 * The initial state of a file's view. It starts with one head of a long text, because each head takes megabytes to
 * read.
 */
export function startOfFile(maps: readonly MapDescription[], left: unknown): SnapshotState {
  const state = startOf(maps, left);
  const [first] = maps;
  return left || !first || !isLong(first) ? state : { ...state, heads: [0] };
}

/** The current state of a view. An effect that calls this follows it. */
export function stateOf(context: ViewContext): ViewState {
  const { include_layers: _, ...state } = optionValues(context);
  return state;
}
