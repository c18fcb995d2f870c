import { computed, signal as signalOf } from "@preact/signals-core";
import type { Snapshot } from "../contract.gen";
import { localContext } from "../core/local-context";
import { holdingOf } from "../core/snapshot";
import { keepSelectionValid } from "../core/valid";
import { printer } from "../dom/printer";
import { EmbeddedSource } from "../sources/embedded";
import { SnapshotParts } from "../sources/snapshot";
import { views } from "../views/registry";

/** Draws what a snapshot holds into `parent` until `signal` aborts, with the views' own code. */
export function drawSnapshot(parent: HTMLElement, snapshot: Snapshot, signal: AbortSignal): void {
  const { view, name, maps, state } = snapshot;
  const context = localContext(state, {
    name: signalOf(name),
    maps: signalOf(maps),
    source: new EmbeddedSource(new SnapshotParts(snapshot), maps),
    status: signalOf("snapshot" as const),
    holding: computed(() => holdingOf(snapshot, context.selection.map.value)),
    printer,
  });
  keepSelectionValid(context, signal);
  const root = document.createElement("div");
  parent.append(root);
  signal.addEventListener("abort", () => root.remove(), { once: true });
  views[view](root, context, signal);
}
