import { effect, untracked } from "@preact/signals-core";
import type { ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/context";
import type { SnapshotOffer } from "../core/snapshot-offer";
import { stateOf } from "../core/view-state";
import { viewPicture } from "../views/export-picture";

/** Lets who keeps the notebook have snapshots of the view in `root`. `includeLayers` is as the kernel was told. */
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
    maps: () => context.maps.peek(),
    status: () => context.status.peek(),
    includeLayers,
    state: () => untracked(() => stateOf(context)),
    follow(changed, signal) {
      if (signal.aborted) return;
      const stop = effect(() => {
        stateOf(context);
        untracked(changed);
      });
      signal.addEventListener("abort", stop, { once: true });
    },
    picture: (scale, signal) => viewPicture(root, context, "png", scale, signal),
  };
}
