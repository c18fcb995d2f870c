// Generated from python/headscope/options.py by `npm run contract`. Do not edit.

import type { Signal } from "@preact/signals-core";
import type { ColorMap, ColorScale, Combine, Direction, PairFilter, PoolKind, SnapshotState, Tab, Theme, ViewKind } from "./contract.gen";

/** `core/state/option-values.ts` has a check of values for each. */
export type OptionKind = "text" | "position" | "positions" | "choice" | "weight" | "keyCount" | "switch";

/** The names of a kind of view. */
export interface ViewRow {
  /** The heading. */
  readonly title: string;
  /** The label of a button. */
  readonly short: string;
  /** The name of the `Capture` method in Python. */
  readonly call: string;
  /** Whether it shows every head of every layer, from overviews. */
  readonly hasGrid: boolean;
}

export type OptionGroup = "place" | "aid" | "look";

/** One option of the views. */
export interface OptionRow<K extends keyof SnapshotState = keyof SnapshotState> {
  /** The name in Python, in traits and in saved states. */
  readonly name: K;
  /** The name of the signal. */
  readonly signal: string;
  readonly group: OptionGroup;
  readonly kind: OptionKind;
  /** The values of a `choice`. */
  readonly choices?: readonly string[];
  readonly default: SnapshotState[K];
  /** The views whose call takes it. */
  readonly views: readonly ViewKind[];
  /** The JupyterLab setting that applies if neither the call nor the reader sets the option. */
  readonly setting?: string;
}

/** Every kind of view, in the order in which they are listed. */
export const VIEWS: Readonly<Record<ViewKind, ViewRow>> = {
  explorer: { title: "Explorer", short: "Explorer", call: "explorer", hasGrid: true },
  head: { title: "Head view", short: "Heads", call: "head_view", hasGrid: false },
  model: { title: "Model view", short: "Model", call: "model_view", hasGrid: true },
  matrix: { title: "Matrix view", short: "Matrix", call: "matrix_view", hasGrid: false },
  neuron: { title: "Neuron view", short: "Neurons", call: "neuron_view", hasGrid: false },
  text: { title: "Text view", short: "Text", call: "text_view", hasGrid: false },
};

export const VIEW_KINDS = Object.keys(VIEWS) as readonly ViewKind[];

/** Every option that holds a value, in the order in which calls list them. */
export const OPTIONS: readonly OptionRow[] = [
  { name: "map", signal: "map", group: "place", kind: "text", default: "", views: VIEW_KINDS },
  { name: "layer", signal: "layer", group: "place", kind: "position", default: 0, views: VIEW_KINDS },
  { name: "heads", signal: "heads", group: "place", kind: "positions", default: null, views: VIEW_KINDS },
  { name: "query", signal: "query", group: "place", kind: "position", default: null, views: VIEW_KINDS },
  { name: "key", signal: "key", group: "place", kind: "position", default: null, views: VIEW_KINDS },
  { name: "pair", signal: "pair", group: "place", kind: "choice", choices: ["all", "aa", "bb", "ab", "ba"], default: "all", views: VIEW_KINDS },
  { name: "threshold", signal: "threshold", group: "aid", kind: "weight", default: null, views: VIEW_KINDS, setting: "threshold" },
  { name: "top_k", signal: "topK", group: "aid", kind: "keyCount", default: null, views: VIEW_KINDS },
  { name: "hide_special", signal: "hideSpecial", group: "aid", kind: "switch", default: false, views: VIEW_KINDS },
  { name: "hide_sink", signal: "hideSink", group: "aid", kind: "switch", default: false, views: VIEW_KINDS },
  { name: "merge_words", signal: "mergeWords", group: "aid", kind: "switch", default: false, views: VIEW_KINDS },
  { name: "merge_segments", signal: "mergeSegments", group: "aid", kind: "switch", default: false, views: VIEW_KINDS },
  { name: "open_segments", signal: "openSegments", group: "aid", kind: "positions", default: [], views: VIEW_KINDS },
  { name: "direction", signal: "direction", group: "aid", kind: "choice", choices: ["out", "in"], default: "out", views: VIEW_KINDS },
  { name: "search", signal: "search", group: "aid", kind: "text", default: "", views: VIEW_KINDS },
  { name: "scale", signal: "scale", group: "look", kind: "choice", choices: ["linear", "sqrt", "log"], default: "linear", views: ["matrix", "text", "explorer"], setting: "colorScale" },
  { name: "color_map", signal: "colorMap", group: "look", kind: "choice", choices: ["viridis", "greys", "blues", "heat"], default: "viridis", views: ["matrix", "text", "explorer"], setting: "colorMap" },
  { name: "combine", signal: "combine", group: "look", kind: "choice", choices: ["each", "mean", "sum"], default: "each", views: ["matrix", "explorer"] },
  { name: "pool", signal: "pool", group: "look", kind: "choice", choices: ["max", "mean"], default: "max", views: ["matrix", "explorer"] },
  { name: "tab", signal: "tab", group: "look", kind: "choice", choices: ["heads", "matrix", "neurons", "text"], default: "heads", views: ["explorer"] },
  { name: "detail", signal: "detail", group: "look", kind: "switch", default: false, views: ["explorer", "model"] },
  { name: "include_heads", signal: "includeHeads", group: "look", kind: "positions", default: null, views: ["explorer", "model"] },
  { name: "include_layers", signal: "includeLayers", group: "look", kind: "positions", default: [], views: VIEW_KINDS },
  { name: "theme", signal: "theme", group: "look", kind: "choice", choices: ["auto", "light", "dark"], default: "auto", views: VIEW_KINDS, setting: "theme" },
];

export const DEFAULTS = Object.fromEntries(OPTIONS.map((row) => [row.name, row.default])) as unknown as SnapshotState;

/** The selection, which all views of a capture share. */
export interface PlaceSignals {
  /** The name of the attention map on screen; by default the first map of the capture. */
  readonly map: Signal<string>;
  /** The layer on screen, zero-based. */
  readonly layer: Signal<number>;
  /** The heads on screen, zero-based; None for all. */
  readonly heads: Signal<readonly number[] | null>;
  /** The pinned query token, by position or by text: `"cat"`, or `("cat", 1)` for the second occurrence. */
  readonly query: Signal<number | null>;
  /** The pinned key token, in the same form as `query`. */
  readonly key: Signal<number | null>;
  /** Which sentences of a pair are shown: `"all"`, or `"ab"` for queries of A and keys of B, and so on. */
  readonly pair: Signal<PairFilter>;
}

/** The reading aids of one view, which leave out or merge something. */
export interface AidSignals {
  /** The smallest weight that is drawn, from 0 to less than 1; None leaves out only weights too small to see. */
  readonly threshold: Signal<number | null>;
  /** The number of strongest keys drawn for each query, or of queries for each key if `direction` is `"in"`; None for all. */
  readonly topK: Signal<number | null>;
  /** Leave out special tokens. */
  readonly hideSpecial: Signal<boolean>;
  /** Leave out the first key, the attention sink (Xiao et al. 2023, https://arxiv.org/abs/2309.17453), and rescale each query's other weights to sum to 1. */
  readonly hideSink: Signal<boolean>;
  /** Show words instead of tokens: weights are summed over keys and averaged over queries. */
  readonly mergeWords: Signal<boolean>;
  /** Show the capture's segments instead of tokens, merged in the same way as words. */
  readonly mergeSegments: Signal<boolean>;
  /** The segments that still show their tokens, on both sides, by name or by zero-based number. */
  readonly openSegments: Signal<readonly number[]>;
  /** Whether to read tokens by what they attend to, `"out"`, or by what attends to them, `"in"`. This decides what `top_k` counts, which side a search pins, and which line of a heat map or table is read. */
  readonly direction: Signal<Direction>;
  /** Mark the tokens that contain this text. */
  readonly search: Signal<string>;
}

/** What else one view shows, and how. */
export interface LookSignals {
  /** How weights become colours: `"linear"`, or `"sqrt"` or `"log"`, which show small weights better. */
  readonly scale: Signal<ColorScale>;
  /** The colours of weights, in even steps of lightness: `"viridis"`, `"greys"`, `"blues"` or `"heat"`. */
  readonly colorMap: Signal<ColorMap>;
  /** How heat maps show several heads: `"each"` in a map of its own, or one map of their `"mean"` or `"sum"`. */
  readonly combine: Signal<Combine>;
  /** How a heat map that is too long for single weights pools them: to the largest, `"max"`, or the `"mean"`. */
  readonly pool: Signal<PoolKind>;
  /** The tab beside the grid: `"heads"`, `"matrix"`, `"neurons"` or `"text"`. */
  readonly tab: Signal<Tab>;
  /** Whether a head is open beside the grid. */
  readonly detail: Signal<boolean>;
  /** The heads that the grid shows, zero-based; None for all. */
  readonly includeHeads: Signal<readonly number[] | null>;
  /** The layers that can be selected, zero-based; all by default. */
  readonly includeLayers: Signal<readonly number[]>;
  /** `"light"`, `"dark"`, or `"auto"` to follow the notebook. */
  readonly theme: Signal<Theme>;
}

/** The options that have a setting, which applies if neither the call nor the reader sets them. */
export interface OptionSettings {
  readonly threshold: number | null;
  readonly scale: ColorScale;
  readonly colorMap: ColorMap;
  readonly theme: Theme;
}
