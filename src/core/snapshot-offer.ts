import type { MapInfo, ViewKind } from "../contract.gen";
import type { Status } from "./context";
import type { Source } from "./source";
import type { ViewState } from "./view-state";

/**
 * What a live view lets whoever keeps the notebook know. The extension and each Store have copies of this code of their
 * own, and may be of different versions: what they tell each other is plain values and functions.
 */
export interface SnapshotOffer {
  readonly kind: ViewKind;
  readonly source: Pick<Source, "peek" | "vectors">;
  name(): string;
  maps(): readonly MapInfo[];
  status(): Status;
  /** The layers that the view was told to list; empty for all. */
  includeLayers(): number[];
  /** How the view is now. */
  state(): ViewState;
  /** Calls `changed` whenever the state is another, until `signal` aborts. */
  follow(changed: () => void, signal: AbortSignal): void;
  /** A PNG of `scale` pixels a CSS pixel, once the view has painted what it waits for. */
  picture(scale: number, signal: AbortSignal): Promise<Blob>;
}

/** The same in every copy of this module. What it names is as the version in its name says. */
const OFFER = Symbol.for("headscope.snapshot-offer.v1");

type Offering = HTMLElement & { [OFFER]?: SnapshotOffer };

/** Tells how a snapshot is taken of the view whose root this is. */
export function offerSnapshots(root: HTMLElement, offer: SnapshotOffer): void {
  (root as Offering)[OFFER] = offer;
}

export function snapshotOfferOf(root: HTMLElement): SnapshotOffer | undefined {
  return (root as Offering)[OFFER];
}
