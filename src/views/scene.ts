import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { BlockRequest, MapInfo } from "../contract.gen";
import type { ViewContext } from "../core/context";
import { pairRanges } from "../core/pair";

type Ranges = ReturnType<typeof pairRanges>;

/** What a view shows, worked out from the selection: the parts of a view read this, and write the selection. */
export interface Scene {
  readonly context: ViewContext;
  readonly dark: ReadonlySignal<boolean>;
  /** Undefined as long as the capture has no attention map. */
  readonly info: ReadonlySignal<MapInfo | undefined>;
  readonly layer: ReadonlySignal<number>;
  /** The layers that the layer control lists. */
  readonly layers: ReadonlySignal<readonly number[]>;
  /** How many heads the layer has. */
  readonly numHeads: ReadonlySignal<number>;
  /** The active heads. Never empty while the layer has heads. */
  readonly heads: ReadonlySignal<readonly number[]>;
  /** The positions that the sentence-pair filter shows. */
  readonly ranges: ReadonlySignal<Ranges>;
  /** The weights that the lines need. */
  readonly request: ReadonlySignal<BlockRequest | null>;
}

export function createScene(context: ViewContext, dark: ReadonlySignal<boolean>): Scene {
  const { maps, selection, options } = context;
  const info = computed(() => maps.value.find(({ name }) => name === selection.map.value) ?? maps.value[0]);
  const numLayers = computed(() => info.value?.num_layers ?? 0);
  const layer = computed(() => Math.max(0, Math.min(selection.layer.value, numLayers.value - 1)));
  const numHeads = computed(() => info.value?.num_heads[layer.value] ?? 0);
  const heads = computed(() => activeHeads(selection.heads.value, numHeads.value));
  return {
    context,
    dark,
    info,
    layer,
    layers: computed(() => listedLayers(options.includeLayers.value, layer.value, numLayers.value)),
    numHeads,
    heads,
    ranges: computed(() =>
      info.value ? pairRanges(info.value, selection.pair.value) : { queries: [0, 0], keys: [0, 0] },
    ),
    request: computed(() =>
      info.value && heads.value.length > 0
        ? { kind: "block", map: info.value.name, layer: layer.value, heads: [...heads.value] }
        : null,
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
