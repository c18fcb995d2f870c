import { computed, type ReadonlySignal } from "@preact/signals-core";
import { givenToKey, meanReceived, receivedFromQuery } from "../../core/reduce/received";
import type { Side } from "../../core/state/side";
import { sideLookedFrom } from "../../core/state/side";
import { tokenText } from "../../dom/token";
import type { Focus } from "../scene/focus";
import type { Scene } from "../scene/scene";
import { showsOneText } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";

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
  /** The largest shade, which gets the last colour. */
  readonly top: number;
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
    const { queries, keys } = scene.ranges.value;
    const shown = shades.subarray(...(side === "key" ? keys : queries));
    return { origin: from, side, shades, shown, top: largestOf(shown) };
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

/** The largest shade; 1 if none exceeds 0. Missing shades are ignored. */
function largestOf(shades: Float32Array): number {
  return Math.max(0, ...shades.filter((shade) => shade > 0)) || 1;
}

/** Describes the quantity that the colours show. */
export function shadeQuantity({ origin }: Shading, scene: Scene): string {
  const count = scene.heads.value.length;
  const heads = count === 1 ? `head ${scene.heads.value[0]}` : `mean of ${count} heads`;
  if (!origin) return `attention received, mean over queries, ${heads}`;
  const tokens = origin.side === "query" ? scene.description.value?.query_tokens : scene.description.value?.key_tokens;
  const { lead, text } = tokenText(tokens?.[origin.position] ?? "");
  const name = `“${lead}${text}”`;
  return `${origin.side === "query" ? `what ${name} attends to` : `what attends to ${name}`}, ${heads}`;
}
