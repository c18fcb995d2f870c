import { computed, type ReadonlySignal } from "@preact/signals-core";
import { shadesOfKey, shadesOfQuery, shadesReceived } from "../core/shades";
import { tokenText } from "../dom/token";
import type { Side } from "./columns";
import { isShared, sideLookedFrom } from "./direction";
import type { Focus } from "./focus";
import type { Scene } from "./scene";
import type { ShownHead } from "./shown-heads";

/** A token that others are shaded by: what it attends to if it is a query, what attends to it if it is a key. */
export interface Origin {
  readonly side: Side;
  readonly position: number;
}

/** How strongly tokens are shaded. */
export interface Shading {
  readonly origin: Origin | null;
  /** The tokens of this side are shaded. */
  readonly side: Side;
  /** By position on that side; NaN where missing. Empty while no weights are there. */
  readonly shades: Float32Array;
  /** Those of the tokens that are shown. */
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
    const lens = scene.lens.value;
    if (!lens?.isRemote) return shadesReceived(weights.value, scene.ranges.value.queries);
    const queries = isPartial.value ? lens.queries.inSight : scene.ranges.value.queries;
    return shadesReceived(weights.value, queries, (row) => lens.queries.groups[row]?.length ?? 0);
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

/** The token under the pointer or pinned, by the reader's direction where both sides have one. */
function originOf(scene: Scene, focus: ReadonlySignal<Focus>): ReadonlySignal<Origin | null> {
  return computed(() => {
    const isOne = isShared(scene);
    const first = isOne ? sideLookedFrom(scene.context.options.aids) : "query";
    // In two texts the pinned token goes first: the pointer in the other text asks for one of its numbers.
    const { query, key } = isOne ? focus.value.tokens : focus.value.lines;
    const tokens = { query, key };
    const side = tokens[first] !== null ? first : first === "query" ? "key" : "query";
    const position = tokens[side];
    return position === null ? null : { side, position };
  });
}

function shadesFrom({ side, position }: Origin, weights: readonly ShownHead["weights"][]): Float32Array {
  return side === "query" ? shadesOfQuery(weights, position) : shadesOfKey(weights, position);
}

/** 1 where no shade is more than 0. Missing ones are no number to compare with. */
function largestOf(shades: Float32Array): number {
  return Math.max(0, ...shades.filter((shade) => shade > 0)) || 1;
}

/** What the colours stand for, in words. */
export function shadeQuantity({ origin }: Shading, scene: Scene): string {
  const count = scene.heads.value.length;
  const heads = count === 1 ? `head ${scene.heads.value[0]}` : `mean of ${count} heads`;
  if (!origin) return `attention received, mean over queries, ${heads}`;
  const tokens = origin.side === "query" ? scene.info.value?.query_tokens : scene.info.value?.key_tokens;
  const { lead, text } = tokenText(tokens?.[origin.position] ?? "");
  const name = `“${lead}${text}”`;
  return `${origin.side === "query" ? `what ${name} attends to` : `what attends to ${name}`}, ${heads}`;
}
