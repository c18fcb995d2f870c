// Generated from python/headscope/contract.py, python/headscope/contract_messages.py and package.json by
// `npm run contract`. Do not edit.

export const VERSION = "0.1.0";
export const CONTRACT_VERSION = 1;
export const MAGIC = "HSB1";
export const OVERVIEW_BINS = 64;
export const TILE_BINS = 256;
export const LONG_TOKENS = 512;
export const PREFETCH_BYTES = 8388608;
export const MESSAGE_BYTES = 2097152;
export const SNAPSHOT_TYPE = "application/vnd.headscope.snapshot.v1+json";
export const SNAPSHOT_BYTES = 1000000;
export const PICTURE_BYTES = 8388608;

export type Dtype = "decimal16" | "float16" | "sqrt8";
export type BlockKind = "block" | "overview";
export type PoolKind = "max" | "mean";
export type VectorKind = "queries" | "keys" | "bias" | "hidden" | "weights";
export type VectorDtype = "float32" | "uint8";
export type ViewKind = "head" | "model" | "matrix" | "neuron" | "text" | "explorer";
export type Tab = "heads" | "matrix" | "neurons" | "text";
export type Theme = "auto" | "light" | "dark";
export type PairFilter = "all" | "aa" | "bb" | "ab" | "ba";
export type Direction = "out" | "in";
export type ColorScale = "auto" | "linear" | "sqrt" | "log";
export type ColorMap = "lagoon" | "greys" | "blues" | "heat" | "viridis" | "magma" | "cividis";
export type Thumbnails = "auto" | "heat" | "lines";
export type Combine = "each" | "mean" | "sum";
export type PictureFormat = "svg" | "png";

/** The header of an encoded block. Ranges are half-open: `[start, stop]`. */
export interface BlockHeader {
  kind: BlockKind;
  map: string;
  layer: number;
  heads: number[];
  queries: number[];
  keys: number[];
  shape: number[];
  dtype: Dtype;
  missing: number;
}

/** The header of an encoded tile: one head's bins, in the frame of a block. */
export interface TileHeader {
  kind: "tile";
  map: string;
  layer: number;
  heads: number[];
  queries: number[];
  keys: number[];
  shape: number[];
  dtype: Dtype;
  missing: number;
  level: number;
  row: number;
  column: number;
  pool: PoolKind;
  blank: boolean;
  packed: number;
}

/** The header of an encoded excerpt: the weights of some heads between groups of tokens, in the frame of a block. */
export interface ExcerptHeader {
  kind: "excerpt";
  map: string;
  layer: number;
  heads: number[];
  queries: number[];
  keys: number[];
  shape: number[];
  dtype: Dtype;
  missing: number;
  packed: number;
}

/** A named part of a side of a map, such as a message of a chat: the tokens from `start` up to `stop`. */
export interface Segment {
  name: string;
  start: number;
  stop: number;
}

/** Where a map's layers come from; fields are missing where that is unknown. */
export interface MapOrigin {
  modules?: string[];
  layer_names?: string[];
  difference?: number | null;
}

/** What the model predicts beside a map's queries: the most probable tokens or labels, the best first. */
export interface MapPredictions {
  kind: "next" | "masked" | "label" | "input";
  start: number;
  tokens: string[][];
  probabilities: number[][];
}

/** A note on a head: a name of a few words, and a text. One of them may be empty; see `headscope.data.notes`. */
export interface HeadNote {
  layer: number;
  head: number;
  name: string;
  text: string;
}

/** A note on a head of a map. */
export interface PlacedNote {
  layer: number;
  head: number;
  name: string;
  text: string;
  map: string;
}

/** The place of one attention map in the picture of all: the half-open ranges of its queries and of its keys. */
export interface MapPart {
  name: string;
  queries: number[];
  keys: number[];
}

/** What only some descriptions have, see `MapPredictions`. `notes` are those on the map's heads. */
export interface MapFindings {
  modules?: string[];
  layer_names?: string[];
  difference?: number | null;
  predictions?: MapPredictions;
  notes?: HeadNote[];
  parts?: MapPart[];
}

/** The description of one attention map for the page. */
export interface MapDescription {
  modules?: string[];
  layer_names?: string[];
  difference?: number | null;
  predictions?: MapPredictions;
  notes?: HeadNote[];
  parts?: MapPart[];
  name: string;
  label: string;
  num_layers: number;
  num_heads: number[];
  query_tokens: string[];
  key_tokens: string[];
  query_special: number[];
  key_special: number[];
  query_words: number[] | null;
  key_words: number[] | null;
  query_segments: Segment[];
  key_segments: Segment[];
  sentence_b_start: number | null;
  no_vectors: string[];
}

/** A view's request to a source: whole heads of one layer. */
export interface BlockRequest {
  kind: BlockKind;
  map: string;
  layer: number;
  heads: number[];
}

/** How the scores of one head are computed from its queries and keys. */
export interface HeadRule {
  scaling: number;
  softcap: number | null;
  sink: number | null;
  num_heads: number;
  num_kv_heads: number;
  kv_head: number;
  rotary: boolean;
}

/** The header of a frame of vectors: the given rows of one head, in the frame of a block. */
export interface VectorHeader {
  kind: VectorKind;
  map: string;
  layer: number;
  head: number;
  rows: number[];
  shape: number[];
  dtype: VectorDtype;
  rule: HeadRule | null;
}

/** A view's request to a source: the vectors of a head for queries in `[start, stop)`, and all keys. */
export interface VectorRequest {
  map: string;
  layer: number;
  head: number;
  queries: number[];
}

/** A view's request to a source: tiles of some heads of one layer, each `[level, row, column]`. */
export interface TileRequest {
  map: string;
  layer: number;
  heads: number[];
  pool: PoolKind;
  tiles: number[][];
}

/** A view's request to a source, for maps with too many tokens to be sent whole: weights between groups of tokens. */
export interface ExcerptRequest {
  map: string;
  layer: number;
  heads: number[];
  queries: number[][];
  keys: number[][];
  without: number[];
}

/** The synced traits of the store, which all views of a capture share. `heads` is null for all heads. */
export interface StoreTraits {
  contract: number;
  name: string;
  maps: DataView;
  map: string;
  layer: number;
  heads: number[] | null;
  query: number | null;
  key: number | null;
  pair: PairFilter;
  overview: DataView;
  block: DataView;
  total_bytes: number;
  subshells: boolean;
  notes: PlacedNote[];
}

/** The fields of its place that a view does not share with its capture; `heads` is null for all heads. */
export interface OwnPlace {
  map?: string;
  layer?: number;
  heads?: number[] | null;
  query?: number | null;
  key?: number | null;
  pair?: PairFilter;
}

/** The synced traits of one view, which it does not share. */
export interface ViewTraits {
  store: string;
  view: ViewKind;
  own: OwnPlace;
  waiting: string[];
  decided: string[];
  sample: string;
  threshold: number | null;
  top_k: number | null;
  hide_special: boolean;
  hide_sink: boolean;
  sink_share: number;
  keep_sinks: number[];
  exclude: number[];
  merge_words: boolean;
  merge_segments: boolean;
  open_segments: number[];
  direction: Direction;
  search: string;
  scale: ColorScale;
  gain: number | null;
  color_map: ColorMap;
  combine: Combine;
  pool: PoolKind;
  tab: Tab;
  detail: boolean;
  thumbnails: Thumbnails;
  trace: boolean;
  include_heads: number[] | null;
  include_layers: number[];
  theme: Theme;
}

/** Page to kernel: send these tiles. `view` identifies the view, unique over all pages. */
export interface TileRequestMessage {
  type: "tiles";
  id: string;
  view: string;
  request: TileRequest;
}

/** Page to kernel: send this excerpt. `view` and the replies are as for tiles, with one frame per head. */
export interface ExcerptRequestMessage {
  type: "excerpt";
  id: string;
  view: string;
  request: ExcerptRequest;
}

/** What a page adds to a `RequestMessage` if the reply may come after the kernel has reported that it is done. */
export interface LaterRequest {
  later: boolean;
  view: string;
}

/** Page to kernel: cancel request `id`. It ends with a `CancelledMessage`, unless it is finished. */
export interface CancelMessage {
  type: "cancel";
  id: string;
}

/** Kernel to page: the reply to `id` will come later, from another thread. */
export interface AcceptedMessage {
  type: "accepted";
  id: string;
  seen: number[][];
}

/** Kernel to page: `id` was cancelled, by a page or by a newer request of the same view. Nothing more follows. */
export interface CancelledMessage {
  type: "cancelled";
  id: string;
}

/** Page to kernel: send these vectors. They arrive in `BlocksMessage`s, one frame per buffer. */
export interface VectorRequestMessage {
  type: "vectors";
  id: string;
  request: VectorRequest;
}

/** Page to kernel: send these heads. `id` is unique over all pages. */
export interface RequestMessage {
  type: "request";
  id: string;
  request: BlockRequest;
}

/** Kernel to page: each buffer is an encoded block; `done` is true in the last message for `id`. */
export interface BlocksMessage {
  type: "blocks";
  id: string;
  done: boolean;
}

/** Kernel to page: the request failed; `message` is a sentence for the user. */
export interface ErrorMessage {
  type: "error";
  id: string;
  message: string;
}

/** Page to kernel: a barrier. When the kernel is done with it, it is done with all earlier messages. */
export interface HereMessage {
  type: "here";
}

/** Page to kernel, from a view: the page shows the view, so it can draw pictures of it. */
export interface RenderedMessage {
  type: "rendered";
}

/** Kernel to page, to a view: draw a picture of the view; `scale` is the PNG pixels per CSS pixel. */
export interface ExportMessage {
  type: "export";
  id: string;
  format: PictureFormat;
  scale: number;
}

/** Page to kernel: the only buffer is the requested picture, a whole file of at most `PICTURE_BYTES`. */
export interface ExportedMessage {
  type: "exported";
  id: string;
}

/** Page to kernel: the picture could not be drawn; `message` is a sentence for the user. */
export interface ExportErrorMessage {
  type: "export-error";
  id: string;
  message: string;
}

/** What a page adds to a request to receive the reply as text: `in_text` is true. */
export interface TextRequest {
  in_text: boolean;
}

/** What the kernel adds to such a reply: in base64, what would otherwise be the message's buffers. */
export interface TextAnswer {
  buffers: string[];
}

/** Page to kernel, from a view: this page does not have the store; send it again. */
export interface StoreMissingMessage {
  type: "store-missing";
}

/** Kernel to page, to a view: the store has been sent again. */
export interface StoreToldMessage {
  type: "store-told";
}

/** Page to kernel, from a view: make a standalone page of the view, with the shown layer or all layers. */
export interface ExportHtmlMessage {
  type: "export-html";
  id: string;
  layers: "shown" | "all";
}

/** Kernel to page: the buffers of all messages for `id`, joined, are the page; `done` is true in the last message. */
export interface HtmlMessage {
  type: "html";
  id: string;
  done: boolean;
}

/** Some heads of one layer: whole encoded blocks, or frames of vectors, as gzip in base64. */
export interface SnapshotPart {
  kind: "block" | "overview" | "vectors";
  map: string;
  layer: number;
  heads: number[];
  data: string;
}

/** The selection and options of a view, as plain values: the part of a `Snapshot` that the reader changes. */
export interface SnapshotState {
  map: string;
  layer: number;
  heads: number[] | null;
  query: number | null;
  key: number | null;
  pair: PairFilter;
  threshold: number | null;
  top_k: number | null;
  hide_special: boolean;
  hide_sink: boolean;
  sink_share: number;
  keep_sinks: number[];
  exclude: number[];
  merge_words: boolean;
  merge_segments: boolean;
  open_segments: number[];
  direction: Direction;
  search: string;
  scale: ColorScale;
  gain: number | null;
  color_map: ColorMap;
  combine: Combine;
  pool: PoolKind;
  tab: Tab;
  detail: boolean;
  thumbnails: Thumbnails;
  trace: boolean;
  include_heads: number[] | null;
  include_layers: number[];
  theme: Theme;
}

/** What a notebook saves of a view: enough to show it as it was, without the kernel. */
export interface Snapshot {
  view: ViewKind;
  name: string;
  state: SnapshotState;
  maps: MapDescription[];
  parts: SnapshotPart[];
  limit: number;
  drawn_by: "kernel" | "page";
}
