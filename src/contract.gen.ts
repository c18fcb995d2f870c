// Generated from python/headscope/contract.py and package.json by `npm run contract`. Do not edit.

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
export type ColorScale = "linear" | "sqrt" | "log";
export type ColorMap = "viridis" | "greys" | "blues" | "heat";
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

/** One attention map, as the page needs to know it. */
export interface MapInfo {
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

/** What a view asks a source for: the given heads of one layer, whole. */
export interface BlockRequest {
  kind: BlockKind;
  map: string;
  layer: number;
  heads: number[];
}

/** How the scores of one head come from its queries and keys. */
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

/** What a view asks a source for: the vectors of a head for a range of queries, `[start, stop]`, and all keys. */
export interface VectorRequest {
  map: string;
  layer: number;
  head: number;
  queries: number[];
}

/** What a view asks a source for: tiles of some heads of one layer, each `[level, row, column]`. */
export interface TileRequest {
  map: string;
  layer: number;
  heads: number[];
  pool: PoolKind;
  tiles: number[][];
}

/** Page to kernel: please send these tiles. `view` names who asks, unique over all pages. */
export interface TileRequestMessage {
  type: "tiles";
  id: string;
  view: string;
  request: TileRequest;
}

/** What a view asks a source for where a map has too many tokens to be sent: the weights between groups of them. */
export interface ExcerptRequest {
  map: string;
  layer: number;
  heads: number[];
  queries: number[][];
  keys: number[][];
  without_sink: boolean;
}

/** Page to kernel: please send this excerpt. `view` and the answers are as with tiles, a frame a head. */
export interface ExcerptRequestMessage {
  type: "excerpt";
  id: string;
  view: string;
  request: ExcerptRequest;
}

/** What a page adds to a `RequestMessage` where the answer may come after the kernel's word that it is done. */
export interface LaterRequest {
  later: boolean;
  view: string;
}

/** Page to kernel: nobody waits for the answer to `id` any more. It ends with a `CancelledMessage`, or is done. */
export interface CancelMessage {
  type: "cancel";
  id: string;
}

/** Kernel to page: the answer to `id` comes later, from a thread of its own. */
export interface AcceptedMessage {
  type: "accepted";
  id: string;
  seen: number[][];
}

/** Kernel to page: nothing more comes for `id`, as a page or a newer request of its view wanted. */
export interface CancelledMessage {
  type: "cancelled";
  id: string;
}

/** Page to kernel: please send these vectors. They come as `BlocksMessage`, each buffer a frame. */
export interface VectorRequestMessage {
  type: "vectors";
  id: string;
  request: VectorRequest;
}

/** Page to kernel: please send these heads. `id` is unique over all pages. */
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

/** Kernel to page: the request can't be answered; `message` is a sentence for people. */
export interface ErrorMessage {
  type: "error";
  id: string;
  message: string;
}

/** Page to kernel: have you done all that I sent before? The kernel's own word that it is done is the answer. */
export interface HereMessage {
  type: "here";
}

/** Page to kernel, from a view: it is on a page, so a picture of it can be asked for. */
export interface RenderedMessage {
  type: "rendered";
}

/** Kernel to page, to a view: please draw what you show as a picture; `scale` is pixels of a PNG a CSS pixel. */
export interface ExportMessage {
  type: "export";
  id: string;
  format: PictureFormat;
  scale: number;
}

/** Page to kernel: the one buffer is the picture asked for, a whole file, at most `PICTURE_BYTES` long. */
export interface ExportedMessage {
  type: "exported";
  id: string;
}

/** Page to kernel: there is no such picture; `message` is a sentence for people. */
export interface ExportErrorMessage {
  type: "export-error";
  id: string;
  message: string;
}

/** What a page adds to a request whose answer is to come as text: `in_text` is true. */
export interface TextRequest {
  in_text: boolean;
}

/** What the kernel adds to such an answer: in base64, what would else be the message's buffers. */
export interface TextAnswer {
  buffers: string[];
}

/** Page to kernel, from a view: this page does not know the Store, please tell it anew. */
export interface StoreMissingMessage {
  type: "store-missing";
}

/** Kernel to page, to a view: the Store has been told anew. */
export interface StoreToldMessage {
  type: "store-told";
}

/** Page to kernel, from a view: please make a standalone page of it, with one layer or all of them. */
export interface ExportHtmlMessage {
  type: "export-html";
  id: string;
  layers: "shown" | "all";
}

/** Kernel to page: the buffers of all messages for `id`, one after another, are the page; `done` in the last. */
export interface HtmlMessage {
  type: "html";
  id: string;
  done: boolean;
}

/** The synced traits of the Store: what every view of a capture shares. `heads` is null for all heads. */
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
}

/** The synced traits of one view: what is its own. */
export interface ViewTraits {
  store: string;
  view: ViewKind;
  theme: Theme;
  include_layers: number[];
  include_heads: number[] | null;
  detail: boolean;
  tab: Tab;
  scale: ColorScale;
  color_map: ColorMap;
  combine: Combine;
  pool: PoolKind;
  threshold: number | null;
  top_k: number | null;
  hide_special: boolean;
  hide_sink: boolean;
  merge_words: boolean;
  merge_segments: boolean;
  open_segments: number[];
  direction: Direction;
  search: string;
  decided: string[];
}

/** Some heads of one layer: whole encoded blocks, or frames of vectors, as gzip in base64. */
export interface SnapshotPart {
  kind: "block" | "overview" | "vectors";
  map: string;
  layer: number;
  heads: number[];
  data: string;
}

/** Where a view looks and how, as plain values: what of a `Snapshot` a reader's hand changes. */
export interface SnapshotState {
  map: string;
  layer: number;
  heads: number[] | null;
  query: number | null;
  key: number | null;
  pair: PairFilter;
  theme: Theme;
  include_layers: number[];
  include_heads: number[] | null;
  detail: boolean;
  tab: Tab;
  scale: ColorScale;
  color_map: ColorMap;
  combine: Combine;
  pool: PoolKind;
  threshold: number | null;
  top_k: number | null;
  hide_special: boolean;
  hide_sink: boolean;
  merge_words: boolean;
  merge_segments: boolean;
  open_segments: number[];
  direction: Direction;
  search: string;
}

/** What a notebook keeps of a view: enough to show it as it was left, without the kernel. */
export interface Snapshot {
  view: ViewKind;
  name: string;
  state: SnapshotState;
  maps: MapInfo[];
  parts: SnapshotPart[];
  limit: number;
  drawn_by: "kernel" | "page";
}
