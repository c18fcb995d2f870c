import { effect, untracked } from "@preact/signals-core";
import type { Snapshot, SnapshotPart, ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/context";
import { notebookBytes, type SnapshotOffer, type Taken } from "../core/snapshot-offer";
import { stateOf } from "../core/view-state";
import { base64Of } from "../sources/packed";
import { viewPicture } from "../views/export-picture";
import { snapshotParts } from "./snapshot-parts";

/** The picture is made coarser rather than larger than this part of the limit. */
const PICTURE_SHARE = 5;

/** Lets who keeps the notebook have snapshots of the view in `root`. `includeLayers` is as the kernel was told. */
export function snapshotOffer(
  kind: ViewKind,
  root: HTMLElement,
  context: ViewContext,
  includeLayers: () => number[],
): SnapshotOffer {
  return {
    state: () => untracked(() => stateOf(context)),
    follow(changed, signal) {
      if (signal.aborted) return;
      const stop = effect(() => {
        stateOf(context);
        untracked(changed);
      });
      signal.addEventListener("abort", stop, { once: true });
    },
    async take(limit, kept, signal) {
      const snapshot: Snapshot = {
        view: kind,
        name: context.name.peek(),
        state: { ...untracked(() => stateOf(context)), include_layers: includeLayers() },
        maps: [...context.maps.peek()],
        parts: [],
        limit,
        drawn_by: "page",
      };
      return fill(snapshot, kept, root, context, signal);
    },
  };
}

async function fill(
  snapshot: Snapshot,
  kept: readonly SnapshotPart[],
  root: HTMLElement,
  context: ViewContext,
  signal: AbortSignal,
): Promise<Taken> {
  const { limit, view } = snapshot;
  const room = limit - notebookBytes(snapshot);
  const picture = await pictureOf(root, context, limit / PICTURE_SHARE, signal);
  const shown = notebookBytes(picture);
  if (shown > room) return { snapshot, picture: "", width: 0, height: 0 };
  const parts = await snapshotParts(view, context, room - shown, kept, signal);
  return { snapshot: { ...snapshot, parts }, ...picture };
}

async function pictureOf(root: HTMLElement, context: ViewContext, most: number, signal: AbortSignal) {
  const size = { width: 0, height: 0 };
  for (const scale of [2, 1, 0.5]) {
    const png = await (await viewPicture(root, context, "png", scale, signal)).arrayBuffer();
    if (png.byteLength * (4 / 3) > most) continue;
    const header = new DataView(png);
    // In a PNG, its first chunk says how many pixels it has.
    size.width = Math.round(header.getUint32(16) / scale);
    size.height = Math.round(header.getUint32(20) / scale);
    return { picture: base64Of(png), ...size };
  }
  return { picture: "", ...size };
}
