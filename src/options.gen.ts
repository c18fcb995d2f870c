// Generated from python/headscope/options.py by `npm run contract`. Do not edit.

import type { Signal } from "@preact/signals-core";
import type { WritableSignal } from "./core/async/map-signal";
import type { ColorMap, ColorScale, Combine, Direction, PairFilter, PoolKind, SnapshotState, Tab, Theme, Thumbnails, ViewKind } from "./contract.gen";

/** `core/state/option-values.ts` has a check of values for each. */
export type OptionKind = "text" | "position" | "positions" | "choice" | "weight" | "keyCount" | "switch" | "factor";

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
  { name: "sink_share", signal: "sinkShare", group: "aid", kind: "weight", default: 0.3, views: VIEW_KINDS },
  { name: "keep_sinks", signal: "keepSinks", group: "aid", kind: "positions", default: [], views: VIEW_KINDS },
  { name: "exclude", signal: "exclude", group: "aid", kind: "positions", default: [], views: VIEW_KINDS },
  { name: "merge_words", signal: "mergeWords", group: "aid", kind: "switch", default: false, views: VIEW_KINDS },
  { name: "merge_segments", signal: "mergeSegments", group: "aid", kind: "switch", default: false, views: VIEW_KINDS },
  { name: "open_segments", signal: "openSegments", group: "aid", kind: "positions", default: [], views: VIEW_KINDS },
  { name: "direction", signal: "direction", group: "aid", kind: "choice", choices: ["out", "in"], default: "out", views: VIEW_KINDS },
  { name: "search", signal: "search", group: "aid", kind: "text", default: "", views: VIEW_KINDS },
  { name: "scale", signal: "scale", group: "look", kind: "choice", choices: ["auto", "linear", "sqrt", "log"], default: "auto", views: VIEW_KINDS, setting: "colorScale" },
  { name: "gain", signal: "gain", group: "look", kind: "factor", default: null, views: ["head", "model", "neuron", "explorer"] },
  { name: "color_map", signal: "colorMap", group: "look", kind: "choice", choices: ["lagoon", "greys", "blues", "heat", "viridis", "magma", "cividis"], default: "lagoon", views: ["matrix", "text", "explorer", "model"], setting: "colorMap" },
  { name: "combine", signal: "combine", group: "look", kind: "choice", choices: ["each", "mean", "sum"], default: "each", views: ["matrix", "explorer"] },
  { name: "pool", signal: "pool", group: "look", kind: "choice", choices: ["max", "mean"], default: "max", views: ["matrix", "explorer"] },
  { name: "tab", signal: "tab", group: "look", kind: "choice", choices: ["heads", "matrix", "neurons", "text"], default: "heads", views: ["explorer"] },
  { name: "detail", signal: "detail", group: "look", kind: "switch", default: false, views: ["explorer", "model"] },
  { name: "thumbnails", signal: "thumbnails", group: "look", kind: "choice", choices: ["auto", "heat", "lines"], default: "auto", views: ["explorer", "model"] },
  { name: "trace", signal: "trace", group: "look", kind: "switch", default: false, views: VIEW_KINDS },
  { name: "include_heads", signal: "includeHeads", group: "look", kind: "positions", default: null, views: ["explorer", "model"] },
  { name: "include_layers", signal: "includeLayers", group: "look", kind: "positions", default: [], views: VIEW_KINDS },
  { name: "theme", signal: "theme", group: "look", kind: "choice", choices: ["auto", "light", "dark"], default: "auto", views: VIEW_KINDS, setting: "theme" },
];

export const DEFAULTS = Object.fromEntries(OPTIONS.map((row) => [row.name, row.default])) as unknown as SnapshotState;

/** The selection: the place of a view, or of the views that follow a capture. */
export interface PlaceSignals {
  /** The name of the attention map on screen; by default the first map of the capture. `"all"` shows those of an encoder-decoder in one picture. */
  readonly map: WritableSignal<string>;
  /** The layer on screen, zero-based. */
  readonly layer: WritableSignal<number>;
  /** The heads on screen, zero-based; None or `"all"` for all of them. */
  readonly heads: WritableSignal<readonly number[] | null>;
  /** The pinned query token, by position or by text: `"cat"`, or `("cat", 1)` for the second occurrence. */
  readonly query: WritableSignal<number | null>;
  /** The pinned key token, in the same form as `query`. */
  readonly key: WritableSignal<number | null>;
  /** Which sentences of a pair are shown: `"all"`, or `"ab"` for queries of A and keys of B, and so on. */
  readonly pair: WritableSignal<PairFilter>;
}

/** The reading aids of one view, which leave out or merge something. */
export interface AidSignals {
  /** The smallest weight that is drawn, from 0 to less than 1; None leaves out only weights too small to see. */
  readonly threshold: Signal<number | null>;
  /** The number of strongest keys drawn for each query, or of queries for each key if `direction` is `"in"`; None for all. */
  readonly topK: Signal<number | null>;
  /** Leave out special tokens. */
  readonly hideSpecial: Signal<boolean>;
  /** Leave out attention sinks, the keys that gather more than `sink_share` of the layer's attention, and rescale each query's other weights to sum to 1. */
  readonly hideSink: Signal<boolean>;
  /** The share of the layer's attention above which a key is a sink: the mean of its weights over the heads and over the queries that see it (Gu et al. 2024, https://arxiv.org/abs/2410.10781). */
  readonly sinkShare: Signal<number>;
  /** Keys that `hide_sink` does not leave out, in the same form as `exclude`. */
  readonly keepSinks: Signal<readonly number[]>;
  /** Further keys to leave out, with the other weights rescaled as by `hide_sink`: a list of positions, or of texts as for `query`, where a text without a number stands for all its occurrences. */
  readonly exclude: Signal<readonly number[]>;
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
  /** How weights become colours and strengths of lines: `"linear"`, or `"sqrt"` or `"log"`, which show small weights better. `"auto"` is linear; but from 128 tokens on, heat maps and running text have the square root, and attention sinks set no scale: it ends at the largest weight beside them. */
  readonly scale: Signal<ColorScale>;
  /** How strong lines are. None makes the strongest line on screen opaque, or fainter where lines would cover the picture. With a number, a line's opacity is its place on the scale, times that number, divided by the number of heads. */
  readonly gain: Signal<number | null>;
  /** The colours of weights, in even steps of lightness: `"lagoon"`, `"greys"`, `"blues"` or `"heat"`; or `"viridis"`, `"magma"` or `"cividis"` as in matplotlib, reversed on a light background. */
  readonly colorMap: Signal<ColorMap>;
  /** How heat maps show several heads: `"each"` in a map of its own, or one map of their `"mean"` or `"sum"`. */
  readonly combine: Signal<Combine>;
  /** How a heat map that is too long for single weights pools them: to the largest, `"max"`, or the `"mean"`. */
  readonly pool: Signal<PoolKind>;
  /** The tab beside the grid: `"heads"`, `"matrix"`, `"neurons"` or `"text"`. */
  readonly tab: Signal<Tab>;
  /** Whether a head is open beside the grid. */
  readonly detail: Signal<boolean>;
  /** How the grid shows each head: as a `"heat"` map or as `"lines"`. `"auto"` is heat maps for causal maps and above 64 tokens, otherwise lines. Each heat map has the square-root scale, unless `scale` names another, up to its own largest weight beside attention sinks. */
  readonly thumbnails: Signal<Thumbnails>;
  /** Whether a map of all layers and heads is open: how strongly each looks from the pinned query to the pinned key. With one of them pinned, the strongest weight of the query, or the mean that the key receives. */
  readonly trace: Signal<boolean>;
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
