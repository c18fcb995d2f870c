import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { Span } from "../../core/look/viewport";
import type { Axis } from "../../core/reduce/axis";
import { givenToKey, meanReceived, receivedFromQuery } from "../../core/reduce/received";
import { AXES, type Side, sideLookedFrom } from "../../core/state/side";
import { tokenText } from "../../dom/token";
import type { Focus } from "../scene/focus";
import type { Scene } from "../scene/scene";
import { showsOneText } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import { heatScale, type ScaleEnd } from "../scene/weight-scale";

/**
 * The token by which others are shaded: by what it attends to if it is a query, by what attends to it if it is a key.
 */
export interface Origin {
  readonly side: Side;
  readonly position: number;
}

/** The shade of each token. */
export interface Shading {
  readonly origin: Origin | null;
  /** The side whose tokens are shaded. */
  readonly side: Side;
  /** By position on that side; NaN where missing. Empty until weights arrive. */
  readonly shades: Float32Array;
  /** The shades of the tokens that are shown. */
  readonly shown: Float32Array;
  /** The shade of each row per token, which gives its colour. Only rows that gather tokens differ in this. */
  readonly densities: Float32Array;
  /** Whether any shown row gathers tokens. */
  readonly hasGathered: boolean;
  /** The density of the last colour. */
  readonly top: ScaleEnd;
}

export function shadingOf(
  scene: Scene,
  heads: ReadonlySignal<readonly ShownHead[]>,
  focus: ReadonlySignal<Focus>,
  isPartial: ReadonlySignal<boolean>,
): ReadonlySignal<Shading> {
  const origin = originOf(scene, focus);
  const weights = computed(() => heads.value.map((one) => one.weights));
  const received = computed(() => {
    const shownMap = scene.shownMap.value;
    if (!shownMap?.isRemote) return meanReceived(weights.value, scene.ranges.value.queries);
    const queries = isPartial.value ? shownMap.queries.visibleRows : scene.ranges.value.queries;
    return meanReceived(weights.value, queries, (row) => shownMap.queries.groups[row]?.length ?? 0);
  });
  return computed(() => {
    const from = origin.value;
    const side = from?.side === "key" ? "query" : "key";
    const shades = from ? shadesFrom(from, weights.value) : received.value;
    const range = scene.ranges.value[AXES[side]];
    const shown = shades.subarray(...range);
    // What gathered queries give is their mean already; what gathered keys get is their sum.
    const sizes = side === "key" ? gatheredSizes(scene.shownMap.value?.keys) : NONE_GATHERED;
    const densities = shades.map((shade, row) => shade / (sizes.get(row) ?? 1));
    const share = scene.context.options.aids.sinkShare.value;
    const isSink = (row: number) => side === "key" && (received.value[row] as number) > share;
    const top = endOf(densities, range, heatScale(scene).isBesideSinks ? isSink : () => false);
    const hasGathered = [...sizes.keys()].some((row) => row >= range[0] && row < range[1]);
    return { origin: from, side, shades, shown, densities, hasGathered, top };
  });
}

/**
 * The token under the pointer or the pinned one. If it could be read from both sides, the reader's direction decides.
 */
function originOf(scene: Scene, focus: ReadonlySignal<Focus>): ReadonlySignal<Origin | null> {
  return computed(() => {
    const isOne = showsOneText(scene);
    const first = isOne ? sideLookedFrom(scene.context.options.aids) : "query";
    // In two texts the pinned token takes precedence, because the pointer in the other text reads one of its numbers.
    const { query, key } = isOne ? focus.value.tokens : focus.value.lines;
    const tokens = { query, key };
    const side = tokens[first] !== null ? first : first === "query" ? "key" : "query";
    const position = tokens[side];
    return position === null ? null : { side, position };
  });
}

function shadesFrom({ side, position }: Origin, weights: readonly ShownHead["weights"][]): Float32Array {
  return side === "query" ? receivedFromQuery(weights, position) : givenToKey(weights, position);
}

const NONE_GATHERED: ReadonlyMap<number, number> = new Map();

/** The number of tokens of each row that stands for more than a word: those out of sight, and closed segments. */
function gatheredSizes(axis: Axis | undefined): ReadonlyMap<number, number> {
  if (!axis) return NONE_GATHERED;
  const { groups, names, visibleRows } = axis;
  const isGathered = (row: number) => row < visibleRows[0] || row >= visibleRows[1] || names.has(row);
  return new Map(groups.flatMap(({ length }, row) => (length > 1 && isGathered(row) ? [[row, length] as const] : [])));
}

/** The largest density beside sinks; of all if the others have none, and 1 if none exceeds 0. Ignores missing ones. */
function endOf(densities: Float32Array, [start, stop]: Span, isSink: (row: number) => boolean): ScaleEnd {
  let [all, others] = [0, 0];
  for (let row = start; row < stop; row++) {
    const density = densities[row] as number;
    if (density > all) all = density;
    if (density > others && !isSink(row)) others = density;
  }
  return { weight: others || all || 1, isExceeded: others > 0 && others < all };
}

/** Describes the quantity that the colours show. */
export function shadeQuantity({ origin, hasGathered }: Shading, scene: Scene): string {
  const count = scene.heads.value.length;
  const mean = count === 1 ? `head ${scene.heads.value[0]}` : `mean of ${count} heads`;
  const heads = hasGathered ? `${mean}, gathered tokens by their mean` : mean;
  if (!origin) return `attention received, mean over queries, ${heads}`;
  const tokens = origin.side === "query" ? scene.description.value?.query_tokens : scene.description.value?.key_tokens;
  const { lead, text } = tokenText(tokens?.[origin.position] ?? "");
  const name = `“${lead}${text}”`;
  return `${origin.side === "query" ? `what ${name} attends to` : `what attends to ${name}`}, ${heads}`;
}
