/** A bias that is added to the scores of one head. */
export type Bias =
  | {
      /** Depends on the distance between query and key, as in T5 and ALiBi. */
      readonly kind: "distance";
      readonly table: Float32Array;
      /** The index of distance 0 in the table. */
      readonly zero: number;
      /** The position of each query and of each key. */
      readonly queryAt: Int32Array;
      readonly keyAt: Int32Array;
    }
  | {
      readonly kind: "table";
      /** Shape (queries, numKeys). */
      readonly table: Float32Array;
      readonly numKeys: number;
    };

/** Adds the bias to the scores of one query for the keys from `low` up to `high`; `scores[0]` belongs to key `low`. */
export function addBias(
  bias: Bias,
  query: number,
  low: number,
  high: number,
  scores: Float64Array | Float32Array,
): void {
  const { table } = bias;
  if (bias.kind === "table") {
    const start = query * bias.numKeys;
    for (let key = low; key < high; key++) (scores[key - low] as number) += table[start + key] as number;
    return;
  }
  const { keyAt } = bias;
  const shift = bias.zero - (bias.queryAt[query] as number);
  for (let key = low; key < high; key++) {
    (scores[key - low] as number) += table[(keyAt[key] as number) + shift] as number;
  }
}

/** Throws an error with a message for users unless every distance is in the table. */
export function checkBias(bias: Bias): void {
  if (bias.kind === "table") return;
  const [firstQuery, lastQuery] = extremes(bias.queryAt);
  const [firstKey, lastKey] = extremes(bias.keyAt);
  if (firstKey - lastQuery + bias.zero < 0 || lastKey - firstQuery + bias.zero >= bias.table.length) {
    throw new Error("This file is damaged: a bias by distance lacks some of the distances. Save it again.");
  }
}

function extremes(values: Int32Array): [number, number] {
  return values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)] as [number, number], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number]);
}
