import type { ReadonlySignal, Signal } from "@preact/signals-core";
import type {
  ColorMap,
  ColorScale,
  Combine,
  Direction,
  MapInfo,
  PairFilter,
  PoolKind,
  Tab,
  Theme,
} from "../contract.gen";
import type { Printer } from "./printer";
import type { Source } from "./source";

/** A query and a key position; null where none is meant. */
export interface TokenPair {
  readonly query: number | null;
  readonly key: number | null;
}

/** What all views of a capture share. Writing a signal moves every view of the capture, and Python's value. */
export interface Selection {
  readonly map: Signal<string>;
  readonly layer: Signal<number>;
  /** Null: all heads of the layer. */
  readonly heads: Signal<readonly number[] | null>;
  /** The pinned tokens. */
  readonly query: Signal<number | null>;
  readonly key: Signal<number | null>;
  readonly pair: Signal<PairFilter>;
  /** The tokens under the pointer, in any view of this page. Never leaves the page. */
  readonly hover: Signal<TokenPair>;
}

/** What is a view's own. */
export interface ViewOptions {
  readonly theme: Signal<Theme>;
  /** The layers that the layer control lists. */
  readonly includeLayers: ReadonlySignal<readonly number[]>;
  /** The heads that the model view shows; null: all. */
  readonly includeHeads: Signal<readonly number[] | null>;
  /** Whether the model view's detail is open. */
  readonly detail: Signal<boolean>;
  /** What the explorer shows beside the grid. */
  readonly tab: Signal<Tab>;
  readonly scale: Signal<ColorScale>;
  readonly colorMap: Signal<ColorMap>;
  readonly combine: Signal<Combine>;
  /** What a bin of several weights shows, where a map is drawn in bins. */
  readonly pool: Signal<PoolKind>;
  readonly aids: Aids;
}

/** What helps to read a view: less of it, or the same in larger pieces. */
export interface Aids {
  /** Weights below it are not shown; null: those that can't be seen. */
  readonly threshold: Signal<number | null>;
  /** How many keys are shown for each query, the strongest, or queries for each key, by the direction; null: all. */
  readonly topK: Signal<number | null>;
  readonly hideSpecial: Signal<boolean>;
  /** Hide the first key, on which attention rests that is needed nowhere, and let the other weights add up to 1. */
  readonly hideSink: Signal<boolean>;
  /** Words in place of their tokens: weights summed over keys, their mean over queries. */
  readonly mergeWords: Signal<boolean>;
  /** Segments in place of their tokens, put together like words. */
  readonly mergeSegments: Signal<boolean>;
  /** The numbers of the segments, on either side, that show their tokens nonetheless. */
  readonly openSegments: Signal<readonly number[]>;
  /** Whether tokens are looked at as queries, by what they attend to, or as keys, by what attends to them. */
  readonly direction: Signal<Direction>;
  /** Tokens that hold this text are marked; empty: none. */
  readonly search: Signal<string>;
}

/**
 * Where the numbers come from: a kernel that answers; this page's memory while the kernel is busy, cannot be reached
 * (`offline`), or has lost what it held (`restarted`, `stopped`); a saved page; a file; or what a saved
 * notebook keeps of a view (`snapshot`).
 */
export type Status = "live" | "busy" | "offline" | "restarted" | "stopped" | "page" | "file" | "snapshot";

export interface ViewContext {
  readonly name: ReadonlySignal<string>;
  readonly maps: ReadonlySignal<readonly MapInfo[]>;
  readonly selection: Selection;
  readonly options: ViewOptions;
  readonly source: Source;
  readonly status: ReadonlySignal<Status>;
  /** The name of the file that the weights come from, under the status `file`. */
  readonly file?: ReadonlySignal<string> | undefined;
  /** What is there of the attention map on screen, in words, under the status `snapshot`; empty for all layers. */
  readonly holding?: ReadonlySignal<string> | undefined;
  /** Left out where there is no kernel to make pages. */
  readonly makePage?: MakePage | undefined;
  readonly printer: Printer;
}

/** Makes a standalone page of the view, as a whole file: with the layer on screen, or with all of them. */
export type MakePage = (layers: "shown" | "all", signal: AbortSignal) => Promise<Blob>;

/** Draws into `root` until `signal` aborts. */
export type View = (root: HTMLElement, context: ViewContext, signal: AbortSignal) => void;
