import type { ReadonlySignal, Signal } from "@preact/signals-core";
import type { SnapshotState } from "../../contract.gen";
import { type LookSignals, OPTIONS, type OptionGroup, type PlaceSignals } from "../../options.gen";
import type { Aids, ViewContext } from "./context";

type OptionName = keyof SnapshotState;

/** Makes the signal of an option, given the option's name in Python. */
export type SignalOf = (name: OptionName) => Signal;

/** The options that all views of a capture share, each as a signal that `signalOf` makes. */
export function placeSignals(signalOf: SignalOf): PlaceSignals {
  return signalsOf("place", signalOf) as unknown as PlaceSignals;
}

/** The options of a single view, each as a signal that `signalOf` makes. */
export function viewSignals(signalOf: SignalOf): LookSignals & { readonly aids: Aids } {
  const own = { ...signalsOf("look", signalOf), aids: signalsOf("aid", signalOf) };
  return own as unknown as LookSignals & { readonly aids: Aids };
}

function signalsOf(group: OptionGroup, signalOf: SignalOf): Record<string, Signal> {
  const rows = OPTIONS.filter((row) => row.group === group);
  return Object.fromEntries(rows.map(({ name, signal }) => [signal, signalOf(name)]));
}

/** The current values of all options of a view, by their names in Python. An effect that calls this follows them. */
export function optionValues({ selection, options }: Pick<ViewContext, "selection" | "options">): SnapshotState {
  const groups: Record<OptionGroup, object> = { place: selection, look: options, aid: options.aids };
  const signals = groups as Record<OptionGroup, Record<string, ReadonlySignal>>;
  return Object.fromEntries(
    OPTIONS.map(({ name, group, signal }) => [name, plain(signals[group][signal]?.value)]),
  ) as unknown as SnapshotState;
}

function plain(value: unknown): unknown {
  return Array.isArray(value) ? [...value] : value;
}
