import type { Snapshot } from "../../contract.gen";
import { withoutComposed } from "../../core/composed/composed-map";
import { withoutKeyFields } from "../../core/file/map-description";
import type { SnapshotOffer } from "../../core/state/snapshot-offer";
import { base64Of } from "../../sources/embedded/packed";
import { kindName } from "../shared/view-names";
import { notebookBytes, snapshotParts } from "./snapshot-weights";

/** A view's snapshot and its picture. */
export interface TakenSnapshot {
  readonly snapshot: Snapshot;
  readonly picture: Picture;
}

/** A PNG in base64, or empty if none fits, and its size in CSS pixels. */
export interface Picture {
  readonly data: string;
  readonly width: number;
  readonly height: number;
  /** The alternative text. */
  readonly alt: string;
}

/** The picture gets at most a fifth of the limit; a larger one is made coarser. */
const PICTURE_SHARE = 5;

/**
 * Takes the snapshot of a view for a notebook, within the limit that `kept` gives. Parts of `kept` that are still right
 * are not packed again. The theme stays as it was, because a reader's own settings do not belong in a notebook.
 */
export async function takeSnapshot(offer: SnapshotOffer, kept: Snapshot, signal: AbortSignal): Promise<TakenSnapshot> {
  const { limit } = kept;
  const name = offer.name();
  const snapshot: Snapshot = {
    view: offer.kind,
    name,
    state: { ...offer.state(), theme: kept.state.theme, include_layers: offer.includeLayers() },
    maps: withoutComposed(offer.maps()).map(withoutKeyFields),
    parts: [],
    limit,
    drawn_by: "page",
  };
  const room = limit - notebookBytes(snapshot);
  const picture = await pictureOf(offer, Math.min(room, limit / PICTURE_SHARE), signal);
  const parts = await snapshotParts(offer, room - notebookBytes(picture), kept.name === name ? kept.parts : [], signal);
  return { snapshot: { ...snapshot, parts }, picture };
}

async function pictureOf(offer: SnapshotOffer, most: number, signal: AbortSignal): Promise<Picture> {
  const alt = `${kindName(offer.kind)}: ${offer.name()}, layer ${offer.state().layer}`;
  for (const scale of [2, 1, 0.5]) {
    const png = await (await offer.picture(scale, signal)).arrayBuffer();
    if (png.byteLength * (4 / 3) > most) continue;
    // The first chunk of a PNG holds its size in pixels.
    const [width, height] = [16, 20].map((at) => Math.round(new DataView(png).getUint32(at) / scale));
    return { data: base64Of(png), width: width as number, height: height as number, alt };
  }
  return { data: "", width: 0, height: 0, alt };
}
