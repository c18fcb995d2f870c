import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { TokenPair } from "../../core/state/context";
import type { Scene } from "./scene";

/** The tokens that the reader points at or has pinned. */
export interface Focus {
  /** Only lines of this query and this key are drawn; null: of all. */
  readonly lines: TokenPair;
  /** The tokens under the pointer or pinned, on both sides if there are both. */
  readonly tokens: TokenPair;
}

const NONE: TokenPair = { query: null, key: null };

/**
 * On one side, the token under the pointer takes precedence over the pinned one. If a token is pinned on one side and
 * the pointer is on the other, the pinned token's lines stay, because the pointer then reads one of their numbers.
 */
export function followFocus(scene: Scene): ReadonlySignal<Focus> {
  const { hover, query, key } = scene.tokens;
  return computed(() => {
    const { queries, keys } = scene.ranges.value;
    const over = { query: within(hover.value.query, queries), key: within(hover.value.key, keys) };
    const pin = { query: within(query.value, queries), key: within(key.value, keys) };
    const tokens = { query: over.query ?? pin.query, key: over.key ?? pin.key };
    return { tokens, lines: linesOf(tokens, over, pin) };
  });
}

/** The tokens under the pointer that are not pinned, so that a pin keeps its own mark. */
export function besidePins({ query, key }: TokenPair, pins: TokenPair): TokenPair {
  return { query: query === pins.query ? null : query, key: key === pins.key ? null : key };
}

function linesOf(tokens: TokenPair, over: TokenPair, pin: TokenPair): TokenPair {
  if (over.query === null && pin.query !== null && pin.key === null) return { ...NONE, query: pin.query };
  if (over.key === null && pin.key !== null && pin.query === null) return { ...NONE, key: pin.key };
  return tokens;
}

function within(position: number | null, [start, stop]: readonly [number, number]): number | null {
  return position !== null && position >= start && position < stop ? position : null;
}
