/**
 * Which keys each query may see under causal masks, sliding windows and padding: an interval of keys without those that
 * are hidden for all queries, or a table where intervals are not enough.
 */
export interface Visible {
  readonly numKeys: number;
  /** For each query, the first key that it may see and one past the last. */
  readonly start: Int32Array;
  readonly stop: Int32Array;
  /** 1 for keys that any query may see; null if all keys are. */
  readonly shown: Uint8Array | null;
  /** 1 where a query may see a key, shape (queries, keys); null where intervals are enough. */
  readonly exceptions: Uint8Array | null;
}

/** The interval that contains every key which the queries from `first` up to `last` see. */
export function spanOf(visible: Visible, first: number, last: number): [number, number] {
  if (visible.exceptions) return [0, visible.numKeys];
  let [low, high] = [visible.numKeys, 0];
  for (let query = first; query < last; query++) {
    low = Math.min(low, visible.start[query] as number);
    high = Math.max(high, visible.stop[query] as number);
  }
  return [low, Math.max(low, high)];
}

/** Writes minus infinity for each hidden key from `low` up to `high`; `scores[0]` belongs to key `low`. */
export function hide(visible: Visible, query: number, low: number, high: number, scores: Float64Array): void {
  const { start, stop, shown, exceptions, numKeys } = visible;
  if (exceptions) {
    const row = query * numKeys;
    for (let key = low; key < high; key++) if (!exceptions[row + key]) scores[key - low] = -Infinity;
    return;
  }
  scores.fill(-Infinity, 0, Math.min(high, Math.max(low, start[query] as number)) - low);
  scores.fill(-Infinity, Math.min(high, Math.max(low, stop[query] as number)) - low, high - low);
  if (!shown) return;
  for (let key = low; key < high; key++) if (!shown[key]) scores[key - low] = -Infinity;
}

/** Whether a key is hidden from a query. */
export function isHidden({ start, stop, shown, exceptions, numKeys }: Visible, query: number, key: number): boolean {
  if (exceptions) return !exceptions[query * numKeys + key];
  return key < (start[query] as number) || key >= (stop[query] as number) || shown?.[key] === 0;
}

/** Throws an error with a message for users unless all intervals lie within the keys. */
export function checkVisible({ start, stop, numKeys }: Visible): void {
  const within = (at: number) => at >= 0 && at <= numKeys;
  if (!start.every(within) || !stop.every(within)) {
    throw new Error(`This file is damaged: a query sees keys outside of the ${numKeys} that there are. Save it again.`);
  }
}
