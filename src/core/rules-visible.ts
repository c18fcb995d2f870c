/** Which keys each query may see: an interval of keys, less those that are not shown; or, with exceptions, a table. */
export interface Visible {
  readonly numKeys: number;
  /** The first key that a query may see, and one past the last, one a query. */
  readonly start: Int32Array;
  readonly stop: Int32Array;
  /** 1 for keys that may be seen at all; null for all of them. */
  readonly shown: Uint8Array | null;
  /** 1 where a query may see a key, shape (queries, keys); null where intervals say it all. */
  readonly exceptions: Uint8Array | null;
}

/** The interval outside of which no query from `first` up to `last` sees anything. */
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

/** Whether a query may not see a key. */
export function isHidden({ start, stop, shown, exceptions, numKeys }: Visible, query: number, key: number): boolean {
  if (exceptions) return !exceptions[query * numKeys + key];
  return key < (start[query] as number) || key >= (stop[query] as number) || shown?.[key] === 0;
}

/** Throws a sentence for people unless all intervals lie within the keys. */
export function checkVisible({ start, stop, numKeys }: Visible): void {
  const within = (at: number) => at >= 0 && at <= numKeys;
  if (!start.every(within) || !stop.every(within)) {
    throw new Error(`This file is damaged: a query sees keys outside of the ${numKeys} that there are. Save it again.`);
  }
}
