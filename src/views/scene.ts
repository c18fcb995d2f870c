import { computed, type ReadonlySignal, type Signal, signal as signalOf } from "@preact/signals-core";
import type { BlockRequest, MapInfo } from "../contract.gen";
import { type Cell, mappedCell } from "../core/cell";
import { heatTable } from "../core/colors";
import type { Aids, Selection, TokenPair, ViewContext } from "../core/context";
import { type Lens, type LensOptions, lensOf } from "../core/lens";
import { isLong } from "../core/long";
import { pairRanges } from "../core/pair";
import { sideLookedFrom } from "./direction";
import type { ExcerptWish } from "./excerpts";
import type { Movable } from "./sight";

type Ranges = ReturnType<typeof pairRanges>;

/** What a view shows, worked out from the selection: the parts of a view read this, and write the selection. */
export interface Scene {
  readonly context: ViewContext;
  readonly dark: ReadonlySignal<boolean>;
  /** The colours of weights, from the smallest to the largest, see `heatTable`. */
  readonly heat: ReadonlySignal<Uint8ClampedArray>;
  /** The attention map as it is shown; undefined as long as the capture has none. */
  readonly info: ReadonlySignal<MapInfo | undefined>;
  /** The attention map with all its tokens. */
  readonly whole: ReadonlySignal<MapInfo | undefined>;
  /** What is shown of the attention map. */
  readonly lens: ReadonlySignal<Lens | undefined>;
  /** The selected tokens by the rows and columns in which they are shown: null also for those that are not. */
  readonly tokens: TokenCells;
  readonly layer: ReadonlySignal<number>;
  /** The layers that the layer control lists. */
  readonly layers: ReadonlySignal<readonly number[]>;
  /** How many heads the layer has. */
  readonly numHeads: ReadonlySignal<number>;
  /** The active heads. Never empty while the layer has heads. */
  readonly heads: ReadonlySignal<readonly number[]>;
  /** The positions that the sentence-pair filter shows. */
  readonly ranges: ReadonlySignal<Ranges>;
  /** The weights that the lines need; null for a map that is too long for them to be sent. */
  readonly request: ReadonlySignal<BlockRequest | null>;
  /** What is needed of a long map instead, by a part of the view that shows a stretch of its tokens. */
  readonly excerpt: ReadonlySignal<ExcerptWish | null>;
  /** From which tokens on a long map is in sight. All parts of a view share it. */
  readonly sight: Signal<TokenPlace>;
  /** What moves the tokens in sight; null in a part of the view that shows all of them. */
  readonly movable: Movable | null;
}

/** A position of each side. */
export interface TokenPlace {
  readonly query: number;
  readonly key: number;
}

/** The pinned tokens, and those under the pointer. */
export interface TokenCells {
  readonly query: Cell<number | null>;
  readonly key: Cell<number | null>;
  readonly hover: Cell<TokenPair>;
}

export function createScene(context: ViewContext, dark: ReadonlySignal<boolean>): Scene {
  const { maps, selection, options } = context;
  const whole = computed(() => maps.value.find(({ name }) => name === selection.map.value) ?? maps.value[0]);
  const lens = computed(() => whole.value && lensOf(whole.value, wholeOptions(whole.value, options.aids)));
  const info = computed(() => lens.value?.info);
  const numLayers = computed(() => info.value?.num_layers ?? 0);
  const layer = computed(() => Math.max(0, Math.min(selection.layer.value, numLayers.value - 1)));
  const numHeads = computed(() => info.value?.num_heads[layer.value] ?? 0);
  const heads = computed(() => activeHeads(selection.heads.value, numHeads.value));
  return {
    context,
    dark,
    heat: computed(() => heatTable(options.colorMap.value, dark.value)),
    info,
    whole,
    lens,
    tokens: shownTokens(selection, lens),
    layer,
    layers: computed(() => listedLayers(options.includeLayers.value, layer.value, numLayers.value)),
    numHeads,
    heads,
    ranges: computed(() =>
      info.value ? pairRanges(info.value, selection.pair.value) : { queries: [0, 0], keys: [0, 0] },
    ),
    request: computed(() =>
      info.value && heads.value.length > 0 && !isLong(whole.value as MapInfo)
        ? { kind: "block", map: info.value.name, layer: layer.value, heads: [...heads.value] }
        : null,
    ),
    excerpt: computed(() => null),
    sight: signalOf({ query: 0, key: 0 }),
    movable: null,
  };
}

/** A long map is never here whole: what puts tokens together or leaves them out can only act on what is in sight. */
function wholeOptions(info: MapInfo, aids: Aids): LensOptions {
  const options = lensOptions(aids);
  return isLong(info)
    ? { ...options, hideSpecial: false, hideSink: false, mergeWords: false, closed: () => false }
    : options;
}

export function lensOptions(aids: Aids): LensOptions {
  return {
    threshold: aids.threshold.value,
    topK: aids.topK.value,
    // Asked only where it makes a difference: a new lens means that everything is drawn anew.
    topOf: aids.topK.value === null ? "query" : sideLookedFrom(aids),
    hideSpecial: aids.hideSpecial.value,
    hideSink: aids.hideSink.value,
    mergeWords: aids.mergeWords.value,
    closed: closedSegments(aids),
  };
}

function closedSegments({ mergeSegments, openSegments }: Aids): (segment: number) => boolean {
  if (!mergeSegments.value) return () => false;
  const open = new Set(openSegments.value);
  return (segment) => !open.has(segment);
}

/** A word stands for its first token where the selection asks for one. */
export function shownTokens({ query, key, hover }: Selection, lens: ReadonlySignal<Lens | undefined>): TokenCells {
  const shown = (side: "queries" | "keys", position: number | null) => {
    const row = position === null ? -1 : (lens.value?.[side].shownAt[position] ?? -1);
    return row < 0 ? null : row;
  };
  const meant = (side: "queries" | "keys", row: number | null) =>
    row === null ? null : (lens.peek()?.[side].groups[row]?.[0] ?? null);
  return {
    query: mappedCell(
      query,
      (at) => shown("queries", at),
      (row) => meant("queries", row),
    ),
    key: mappedCell(
      key,
      (at) => shown("keys", at),
      (row) => meant("keys", row),
    ),
    hover: mappedCell(
      hover,
      (at) => ({ query: shown("queries", at.query), key: shown("keys", at.key) }),
      (at) => ({ query: meant("queries", at.query), key: meant("keys", at.key) }),
    ),
  };
}

/** The chosen heads that this layer has: layers may differ in their number of heads. All, if it has none of them. */
function activeHeads(chosen: readonly number[] | null, numHeads: number): readonly number[] {
  const active = chosen?.filter((head) => head < numHeads).sort((a, b) => a - b) ?? [];
  return active.length > 0 ? active : Array.from({ length: numHeads }, (_, head) => head);
}

/** Another view of the capture may be on a layer that this one does not list: it is listed as long as it is shown. */
function listedLayers(included: readonly number[], shown: number, numLayers: number): readonly number[] {
  return [...new Set([...included, shown])].filter((layer) => layer < numLayers).sort((a, b) => a - b);
}
