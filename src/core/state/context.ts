import type { ReadonlySignal } from "@preact/signals-core";
import type { MapDescription, OwnPlace, PlacedNote } from "../../contract.gen";
import type { AidSignals, LookSignals, PlaceSignals } from "../../options.gen";
import type { WritableSignal } from "../async/map-signal";
import type { PictureExporter } from "../look/picture-export";
import type { Source } from "./source";

/** A query and a key position; null for none. */
export interface TokenPair {
  readonly query: number | null;
  readonly key: number | null;
}

/**
 * The place of a capture's views, or of one view. Writing a signal updates every view that follows, and the value in
 * Python.
 */
export interface Selection extends PlaceSignals {
  /** The tokens under the pointer, in any view of this page. Never leaves the page. */
  readonly hover: WritableSignal<TokenPair>;
}

/** The link between a view and its capture: the chain in the toolbar. */
export interface Following {
  /** Whether the view follows the capture in all of its place, in a part of it, or not at all. */
  readonly following: ReadonlySignal<"all" | "part" | "none">;
  /** The fields that the view does not follow. */
  readonly kept: ReadonlySignal<readonly (keyof OwnPlace)[]>;
  /** Goes to where the capture is and follows it from now on, or stays here from now on. */
  follow(isFollowing: boolean): void;
}

/** The state of a single view. */
export interface ViewOptions extends Omit<LookSignals, "includeLayers"> {
  /** The layers that the layer control lists. */
  readonly includeLayers: ReadonlySignal<readonly number[]>;
  readonly aids: Aids;
}

/** The reading aids: options that show less, or merge tokens into larger parts. */
export type Aids = AidSignals;

/**
 * Where the weights come from: a kernel that answers; this page's memory while the kernel is busy, out of reach
 * (`offline`), or has lost its captures (`restarted`, `stopped`); a saved page; a file; or the snapshot of a view in a
 * saved notebook (`snapshot`).
 */
export type Status = "live" | "busy" | "offline" | "restarted" | "stopped" | "page" | "file" | "snapshot";

/** The notes on the heads of a capture, which all its views share. */
export interface NoteBook {
  readonly notes: ReadonlySignal<readonly PlacedNote[]>;
  /** Why notes can't be written here, as a sentence; empty if they can. */
  readonly locked: ReadonlySignal<string>;
  /** Puts other notes in the place of all. */
  write(notes: readonly PlacedNote[]): void;
}

export interface ViewContext {
  readonly name: ReadonlySignal<string>;
  readonly maps: ReadonlySignal<readonly MapDescription[]>;
  readonly selection: Selection;
  /** Absent where there is no capture to follow: in saved pages, files and snapshots. */
  readonly chain?: Following | undefined;
  readonly options: ViewOptions;
  /** The notes on heads; absent where none are shown. */
  readonly notes?: NoteBook | undefined;
  readonly source: Source;
  readonly status: ReadonlySignal<Status>;
  /** The name of the file that holds the weights; only under status `file`. */
  readonly file?: ReadonlySignal<string> | undefined;
  /**
   * Which part of the shown attention map the snapshot holds, in words; empty for all layers. Only under status
   * `snapshot`.
   */
  readonly holding?: ReadonlySignal<string> | undefined;
  /** Absent where no kernel can make pages. */
  readonly makePage?: MakePage | undefined;
  readonly pictureExporter: PictureExporter;
}

/** Makes a standalone page of the view as a whole file, with the layer on screen or with all layers. */
export type MakePage = (layers: "shown" | "all", signal: AbortSignal) => Promise<Blob>;

/** Draws into `root` until `signal` aborts. */
export type View = (root: HTMLElement, context: ViewContext, signal: AbortSignal) => void;
