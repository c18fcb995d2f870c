import type { ReadonlySignal, Signal } from "@preact/signals-core";
import type { MapInfo, PairFilter, Theme } from "../contract.gen";
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
}

/** Where the numbers come from: a running kernel, this page's memory while the kernel is away, or a saved page. */
export type Status = "live" | "busy" | "offline" | "page";

export interface ViewContext {
  readonly name: ReadonlySignal<string>;
  readonly maps: ReadonlySignal<readonly MapInfo[]>;
  readonly selection: Selection;
  readonly options: ViewOptions;
  readonly source: Source;
  readonly status: ReadonlySignal<Status>;
}

/** Draws into `root` until `signal` aborts. */
export type View = (root: HTMLElement, context: ViewContext, signal: AbortSignal) => void;
