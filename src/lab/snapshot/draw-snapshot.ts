import { computed, signal as signalOf } from "@preact/signals-core";
import type { Snapshot } from "../../contract.gen";
import { localContext } from "../../core/state/local-context";
import { holdingOf } from "../../core/state/snapshot";
import { pictureExporter } from "../../figure/picture-exporter";
import { EmbeddedSource } from "../../sources/embedded/embedded";
import { SnapshotParts } from "../../sources/embedded/snapshot-parts";
import { mountView, viewRoot } from "../../views/mount-view";

/** Draws a snapshot into `parent` until `signal` aborts, with the code of the views. */
export function drawSnapshot(parent: HTMLElement, snapshot: Snapshot, signal: AbortSignal): void {
  const { view, name, maps, state } = snapshot;
  const context = localContext(state, {
    name: signalOf(name),
    maps: signalOf(maps),
    source: new EmbeddedSource(new SnapshotParts(snapshot), maps),
    status: signalOf("snapshot" as const),
    holding: computed(() => holdingOf(snapshot, context.selection.map.value)),
    pictureExporter,
  });
  mountView(viewRoot(parent, signal), view, context, signal);
}
