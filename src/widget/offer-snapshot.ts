import { effect, untracked } from "@preact/signals-core";
import type { ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/state/context";
import { withNotes } from "../core/state/notes";
import type { SnapshotOffer } from "../core/state/snapshot-offer";
import { stateOf } from "../core/state/view-state";
import { viewPicture } from "../views/export/export-picture";

/**
 * Offers snapshots of the view in `root` to the code that saves the notebook. `includeLayers` returns the layers that
 * Python set.
 */
export function snapshotOffer(
  kind: ViewKind,
  root: HTMLElement,
  context: ViewContext,
  includeLayers: () => number[],
): SnapshotOffer {
  return {
    kind,
    source: context.source,
    name: () => context.name.peek(),
    maps: () => withNotes(context.maps.peek(), context.notes?.notes.peek() ?? []),
    status: () => context.status.peek(),
    includeLayers,
    state: () => untracked(() => stateOf(context)),
    follow(changed, signal) {
      if (signal.aborted) return;
      const stop = effect(() => {
        stateOf(context);
        void context.notes?.notes.value;
        untracked(changed);
      });
      signal.addEventListener("abort", stop, { once: true });
    },
    picture: (scale, signal) => viewPicture(root, context, "png", scale, signal, { onPaper: true }),
  };
}
