import type { Snapshot } from "../contract.gen";
import { thinned } from "../core/map-info";
import type { SnapshotOffer } from "../core/snapshot-offer";
import { base64Of } from "../sources/packed";
import { KINDS } from "./kinds";
import { notebookBytes, snapshotParts } from "./snapshot-parts";

/** A view's snapshot, and the picture that goes with it. */
export interface Taken {
  readonly snapshot: Snapshot;
  readonly picture: Picture;
}

/** A PNG in base64, empty where none fits; its size in CSS pixels. */
export interface Picture {
  readonly data: string;
  readonly width: number;
  readonly height: number;
  /** What stands for it where it can't be seen. */
  readonly alt: string;
}

/** The picture is made coarser rather than larger than this part of the limit. */
const PICTURE_SHARE = 5;

/**
 * What a notebook is to keep of a view, in as many bytes as `kept` says. Of the parts that it keeps now, those that serve
 * are not packed again. The theme stays as it was: a reader's own settings are no part of a notebook.
 */
export async function takeSnapshot(offer: SnapshotOffer, kept: Snapshot, signal: AbortSignal): Promise<Taken> {
  const { limit } = kept;
  const snapshot: Snapshot = {
    view: offer.kind,
    name: offer.name(),
    state: { ...offer.state(), theme: kept.state.theme, include_layers: offer.includeLayers() },
    maps: offer.maps().map(thinned),
    parts: [],
    limit,
    drawn_by: "page",
  };
  const room = limit - notebookBytes(snapshot);
  const picture = await pictureOf(offer, Math.min(room, limit / PICTURE_SHARE), signal);
  const parts = await snapshotParts(offer, room - notebookBytes(picture), kept.parts, signal);
  return { snapshot: { ...snapshot, parts }, picture };
}

async function pictureOf(offer: SnapshotOffer, most: number, signal: AbortSignal): Promise<Picture> {
  const alt = `${KINDS[offer.kind].long}: ${offer.name()}, layer ${offer.state().layer}`;
  for (const scale of [2, 1, 0.5]) {
    const png = await (await offer.picture(scale, signal)).arrayBuffer();
    if (png.byteLength * (4 / 3) > most) continue;
    // The first chunk of a PNG says how many pixels it has.
    const [width, height] = [16, 20].map((at) => Math.round(new DataView(png).getUint32(at) / scale));
    return { data: base64Of(png), width: width as number, height: height as number, alt };
  }
  return { data: "", width: 0, height: 0, alt };
}
