import type { Snapshot, SnapshotPart } from "../contract.gen";
import type { ViewState } from "./view-state";

/** A view's snapshot, and the picture that goes with it. */
export interface Taken {
  readonly snapshot: Snapshot;
  /** A PNG in base64; empty where it does not fit. */
  readonly picture: string;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * What a live view lets whoever keeps the notebook know. The extension and each Store have copies of this code of their
 * own, and may be of different versions: what they tell each other is plain values and functions.
 */
export interface SnapshotOffer {
  /** How the view is now. */
  state(): ViewState;
  /** Calls `changed` whenever the state is another, until `signal` aborts. */
  follow(changed: () => void, signal: AbortSignal): void;
  /**
   * What a notebook is to keep, in at most `limit` bytes, once the view has painted what it waits for. Of the parts
   * that it keeps now, those that serve need not be packed again.
   */
  take(limit: number, kept: readonly SnapshotPart[], signal: AbortSignal): Promise<Taken>;
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

/** Notebooks are written with a line for each element, indented as deep as this in an output, on average. */
const INDENT = 9;

/** How many bytes a value takes in a notebook's file. */
export function notebookBytes(value: unknown): number {
  const text = JSON.stringify(value, null, 1);
  const lines = text.split("\n").length - 1;
  return new TextEncoder().encode(text).byteLength + INDENT * lines;
}
