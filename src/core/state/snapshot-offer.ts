import type { MapDescription, ViewKind } from "../../contract.gen";
import type { Status } from "./context";
import type { Source } from "./source";
import type { ViewState } from "./view-state";

/**
 * What a live view offers to the code that saves the notebook. The extension and each Store have their own copies of
 * this code, perhaps of different versions, so they exchange only plain values and functions.
 */
export interface SnapshotOffer {
  readonly kind: ViewKind;
  readonly source: Pick<Source, "peek" | "vectors">;
  name(): string;
  maps(): readonly MapDescription[];
  status(): Status;
  /** The layers that the view lists; empty for all. */
  includeLayers(): number[];
  /** The current state of the view. */
  state(): ViewState;
  /** Calls `changed` whenever the state changes, until `signal` aborts. */
  follow(changed: () => void, signal: AbortSignal): void;
  /** A PNG of `scale` pixels per CSS pixel, taken after the view has painted everything it waits for. */
  picture(scale: number, signal: AbortSignal): Promise<Blob>;
}

/** The same in every copy of this module. The version in its name fixes the layout of the offer. */
const OFFER = Symbol.for("headscope.snapshot-offer.v1");

type Offering = HTMLElement & { [OFFER]?: SnapshotOffer };

/** Attaches an offer to the root of a view. */
export function offerSnapshots(root: HTMLElement, offer: SnapshotOffer): void {
  (root as Offering)[OFFER] = offer;
}

export function snapshotOfferOf(root: HTMLElement): SnapshotOffer | undefined {
  return (root as Offering)[OFFER];
}
