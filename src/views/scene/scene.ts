import { computed, type ReadonlySignal, type Signal, signal as signalOf } from "@preact/signals-core";
import type { BlockRequest, MapDescription } from "../../contract.gen";
import { mapSignal, type WritableSignal } from "../../core/async/map-signal";
import { type Region, regionsOf } from "../../core/composed/composed-map";
import { heatTable } from "../../core/look/colors";
import type { Viewport } from "../../core/look/viewport";
import { type ShownMap, type ShownMapOptions, shownMapOf } from "../../core/reduce/shown-map";
import type { Aids, Selection, TokenPair, ViewContext } from "../../core/state/context";
import { pairRanges } from "../../core/state/sentence-pair";
import { isOneText, type Side, sideLookedFrom } from "../../core/state/side";
import { isLong } from "../../core/weights/map-size";
import type { ShownExcerpt } from "../fetch/fetch-excerpts";
import { type LeftOut, leftOut, type MeasuredShares } from "./left-out";

type Ranges = ReturnType<typeof pairRanges>;

/** What a view shows, derived from the selection. The parts of a view read the scene and write the selection. */
export interface Scene {
  readonly context: ViewContext;
  readonly dark: ReadonlySignal<boolean>;
  /** The colours of weights, from the smallest to the largest, see `heatTable`. */
  readonly heat: ReadonlySignal<Uint8ClampedArray>;
  /** The attention map as shown; undefined while the capture has none. */
  readonly description: ReadonlySignal<MapDescription | undefined>;
  /** The attention map with all its tokens. */
  readonly wholeMap: ReadonlySignal<MapDescription | undefined>;
  /** The rectangles of the picture of all, in positions; undefined for other maps. */
  readonly regions: ReadonlySignal<readonly Region[] | undefined>;
  /** The attention map with the reading aids applied. */
  readonly shownMap: ReadonlySignal<ShownMap | undefined>;
  /** The keys that are left out. */
  readonly leftOut: LeftOut;
  /** The selected tokens as rows and columns; null for tokens that are not shown. */
  readonly tokens: SelectedTokens;
  readonly layer: ReadonlySignal<number>;
  /** The layers that the layer control lists. */
  readonly layers: ReadonlySignal<readonly number[]>;
  /** The number of heads in the layer. */
  readonly numHeads: ReadonlySignal<number>;
  /** The active heads. Never empty while the layer has heads. */
  readonly heads: ReadonlySignal<readonly number[]>;
  /** The positions that the sentence-pair filter shows. */
  readonly ranges: ReadonlySignal<Ranges>;
  /** The request for weights; null for a map that is too long to send them whole. */
  readonly request: ReadonlySignal<BlockRequest | null>;
  /** The request for a long map, made by a part of the view that shows a window of its tokens. */
  readonly excerpt: ReadonlySignal<ShownExcerpt | null>;
  /** The first visible tokens of a long map. All parts of a view share it. */
  readonly windowStart: Signal<TokenPlace>;
  /** The visible part of heat maps; null for the whole. */
  readonly zoomed: Signal<Viewport | null>;
  /** The height that a picture can have and still be in sight as a whole, in CSS pixels. */
  readonly room: ReadonlySignal<number>;
  /** Moves the window of visible tokens; null in a part of the view that shows all tokens. */
  readonly rowWindow: MovableWindow | null;
}

/** The visible rows of a side. */
export interface RowExtent {
  readonly rows: number;
  readonly first: number;
  readonly stop: number;
}

/** Moves the window of visible tokens of a long map. */
export interface MovableWindow {
  /** Null while the shown map is short, or all its rows are visible. */
  readonly extents: ReadonlySignal<Readonly<Record<Side, RowExtent>> | null>;
  /** The most visible rows per side. */
  readonly size: number;
  /** Brings `first` and the rows after it into sight, on both sides if they are the same text. */
  move(side: Side, first: number): void;
  /** Brings a hidden position into sight, in the middle; false if it is already visible, or not shown at all. */
  reveal(side: Side, position: number): boolean;
}

/** A position of each side. */
export interface TokenPlace {
  readonly query: number;
  readonly key: number;
}

/** The pinned tokens, and those under the pointer. */
export interface SelectedTokens {
  readonly query: WritableSignal<number | null>;
  readonly key: WritableSignal<number | null>;
  readonly hover: WritableSignal<TokenPair>;
}

/** The room of a picture before it is in a page. */
const USUAL_ROOM = 800;

/** The scene of a whole view, which measures its room. */
export type ViewScene = Scene & { readonly room: Signal<number> };

export function createScene(context: ViewContext, dark: ReadonlySignal<boolean>): ViewScene {
  const { maps, selection, options } = context;
  const wholeMap = computed(() => maps.value.find(({ name }) => name === selection.map.value) ?? maps.value[0]);
  const numLayers = computed(() => wholeMap.value?.num_layers ?? 0);
  const layer = computed(() => Math.max(0, Math.min(selection.layer.value, numLayers.value - 1)));
  const out = leftOut(context, wholeMap, layer, signalOf<MeasuredShares | null>(null));
  const shownMap = computed(
    () => wholeMap.value && shownMapOf(wholeMap.value, wholeMapOptions(wholeMap.value, options.aids, out.keys.value)),
  );
  const description = computed(() => shownMap.value?.description);
  const numHeads = computed(() => description.value?.num_heads[layer.value] ?? 0);
  const heads = computed(() => activeHeads(selection.heads.value, numHeads.value));
  return {
    context,
    dark,
    heat: computed(() => heatTable(options.colorMap.value, dark.value)),
    description,
    wholeMap,
    regions: computed(() => wholeMap.value && regionsOf(wholeMap.value)),
    shownMap,
    leftOut: out,
    tokens: shownTokens(selection, shownMap),
    layer,
    layers: computed(() => layersToList(options.includeLayers.value, layer.value, numLayers.value)),
    numHeads,
    heads,
    ranges: computed(() =>
      description.value ? pairRanges(description.value, selection.pair.value) : { queries: [0, 0], keys: [0, 0] },
    ),
    request: computed(() =>
      description.value && heads.value.length > 0 && !isLong(wholeMap.value as MapDescription)
        ? { kind: "block", map: description.value.name, layer: layer.value, heads: [...heads.value] }
        : null,
    ),
    excerpt: computed(() => null),
    windowStart: signalOf({ query: 0, key: 0 }),
    zoomed: signalOf<Viewport | null>(null),
    room: signalOf(USUAL_ROOM),
    rowWindow: null,
  };
}

/** A long map is never held whole, so aids that merge or hide tokens can act only on the visible window. */
function wholeMapOptions(description: MapDescription, aids: Aids, excluded: readonly number[]): ShownMapOptions {
  const options = shownMapOptions(aids, excluded);
  return isLong(description)
    ? { ...options, hideSpecial: false, excluded: [], mergeWords: false, closed: () => false }
    : options;
}

export function shownMapOptions(aids: Aids, excluded: readonly number[]): ShownMapOptions {
  return {
    threshold: aids.threshold.value,
    topK: aids.topK.value,
    // Read only if it matters, because a new shown map redraws everything.
    topOf: aids.topK.value === null ? "query" : sideLookedFrom(aids),
    hideSpecial: aids.hideSpecial.value,
    excluded,
    mergeWords: aids.mergeWords.value,
    closed: closedSegments(aids),
  };
}

function closedSegments({ mergeSegments, openSegments }: Aids): (segment: number) => boolean {
  if (!mergeSegments.value) return () => false;
  const open = new Set(openSegments.value);
  return (segment) => !open.has(segment);
}

/** Where the selection needs a position, a word stands for its first token. */
export function shownTokens(
  { query, key, hover }: Selection,
  shownMap: ReadonlySignal<ShownMap | undefined>,
): SelectedTokens {
  const shown = (side: "queries" | "keys", position: number | null) => {
    const row = position === null ? -1 : (shownMap.value?.[side].shownAt[position] ?? -1);
    return row < 0 ? null : row;
  };
  const meant = (side: "queries" | "keys", row: number | null) =>
    row === null ? null : (shownMap.peek()?.[side].groups[row]?.[0] ?? null);
  return {
    query: mapSignal(
      query,
      (at) => shown("queries", at),
      (row) => meant("queries", row),
    ),
    key: mapSignal(
      key,
      (at) => shown("keys", at),
      (row) => meant("keys", row),
    ),
    hover: mapSignal(
      hover,
      (at) => ({ query: shown("queries", at.query), key: shown("keys", at.key) }),
      (at) => ({ query: meant("queries", at.query), key: meant("keys", at.key) }),
    ),
  };
}

/**
 * The chosen heads that this layer has, because layers may differ in their number of heads; all heads if it has none of
 * them.
 */
function activeHeads(chosen: readonly number[] | null, numHeads: number): readonly number[] {
  const active = chosen?.filter((head) => head < numHeads).sort((a, b) => a - b) ?? [];
  return active.length > 0 ? active : Array.from({ length: numHeads }, (_, head) => head);
}

/** Lists the shown layer even if it is not included, because another view of the capture may have moved to it. */
function layersToList(included: readonly number[], shown: number, numLayers: number): readonly number[] {
  return [...new Set([...included, shown])].filter((layer) => layer < numLayers).sort((a, b) => a - b);
}

/** Whether the visible queries and keys are the same tokens of one text, so that each can be read from both sides. */
export function showsOneText(scene: Scene): boolean {
  return isOneText(scene.wholeMap.value, scene.context.selection.pair.value);
}
