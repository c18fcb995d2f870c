import type {
  ColorMap,
  ColorScale,
  Combine,
  Direction,
  MapInfo,
  PairFilter,
  PoolKind,
  SnapshotState,
  Tab,
  Theme,
} from "../contract.gen";
import type { ViewContext } from "./context";
import { isLong } from "./long";

/** What a reader's hand changes of a view that lists all layers. */
export type ViewState = Omit<SnapshotState, "include_layers">;

type Check = (value: unknown) => boolean;

const isBoolean: Check = (value) => typeof value === "boolean";
const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isPart: Check = (value) => typeof value === "number" && value >= 0 && value < 1;
const areHeads: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isCount);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const oneOf =
  <T extends string>(values: Readonly<Record<T, true>>): Check =>
  (value) =>
    typeof value === "string" && Object.hasOwn(values, value);

/** What each value may be. */
const VALID: { readonly [K in keyof ViewState]: Check } = {
  map: isText,
  layer: isCount,
  heads: orNull(areHeads),
  query: orNull(isCount),
  key: orNull(isCount),
  pair: oneOf<PairFilter>({ all: true, aa: true, bb: true, ab: true, ba: true }),
  theme: oneOf<Theme>({ auto: true, light: true, dark: true }),
  include_heads: orNull(areHeads),
  detail: isBoolean,
  tab: oneOf<Tab>({ heads: true, matrix: true, neurons: true, text: true }),
  scale: oneOf<ColorScale>({ linear: true, sqrt: true, log: true }),
  color_map: oneOf<ColorMap>({ viridis: true, greys: true, blues: true, heat: true }),
  combine: oneOf<Combine>({ each: true, mean: true, sum: true }),
  pool: oneOf<PoolKind>({ max: true, mean: true }),
  threshold: orNull(isPart),
  top_k: orNull((value) => isCount(value) && value !== 0),
  hide_special: isBoolean,
  hide_sink: isBoolean,
  merge_words: isBoolean,
  merge_segments: isBoolean,
  open_segments: (value) => Array.isArray(value) && value.every(isCount),
  direction: oneOf<Direction>({ out: true, in: true }),
  search: isText,
};

/** Where a view looks first: as it was left, as far as that is known and fits what there is to see. */
export function startOf(maps: readonly MapInfo[], left: unknown): SnapshotState {
  const entries = Object.entries(left ?? {});
  const known = entries.filter(([name, value]) => Object.hasOwn(VALID, name) && VALID[name as keyof ViewState](value));
  const state: SnapshotState = {
    ...{ map: "", layer: 0, heads: null, query: null, key: null, pair: "all", theme: "auto" },
    ...{ include_layers: [], include_heads: null, detail: false, tab: "heads", scale: "linear" },
    ...{ color_map: "viridis", combine: "each", pool: "max" },
    ...{ threshold: null, top_k: null, hide_special: false, hide_sink: false, merge_words: false },
    ...{ merge_segments: false, open_segments: [], direction: "out", search: "" },
    ...Object.fromEntries(known),
  };
  const isThere = maps.some(({ name }) => name === state.map);
  return isThere ? state : { ...state, map: maps[0]?.name ?? "" };
}

/** Where a file's view looks first. The heads of a long text take megabytes each to be read: it begins with one. */
export function startOfFile(maps: readonly MapInfo[], left: unknown): SnapshotState {
  const state = startOf(maps, left);
  const [first] = maps;
  return left || !first || !isLong(first) ? state : { ...state, heads: [0] };
}

/** How a view is now. An effect that calls this follows it. */
export function stateOf({ selection, options }: ViewContext): ViewState {
  const { aids } = options;
  const copy = (heads: readonly number[] | null) => heads && [...heads];
  return {
    map: selection.map.value,
    layer: selection.layer.value,
    heads: copy(selection.heads.value),
    query: selection.query.value,
    key: selection.key.value,
    pair: selection.pair.value,
    theme: options.theme.value,
    include_heads: copy(options.includeHeads.value),
    detail: options.detail.value,
    tab: options.tab.value,
    scale: options.scale.value,
    color_map: options.colorMap.value,
    combine: options.combine.value,
    pool: options.pool.value,
    threshold: aids.threshold.value,
    top_k: aids.topK.value,
    hide_special: aids.hideSpecial.value,
    hide_sink: aids.hideSink.value,
    merge_words: aids.mergeWords.value,
    merge_segments: aids.mergeSegments.value,
    open_segments: [...aids.openSegments.value],
    direction: aids.direction.value,
    search: aids.search.value,
  };
}
