import type { Dtype } from "../contract.gen";

/** The weights of one head, kept as they were sent: `weight = table[codes[query * numKeys + key]]`, NaN where missing. */
export interface HeadWeights {
  readonly numQueries: number;
  readonly numKeys: number;
  readonly codes: Uint16Array | Uint8Array;
  /** The weight that each code stands for. */
  readonly table: Float32Array;
  readonly dtype: Dtype;
}

export function weightAt(weights: HeadWeights, query: number, key: number): number {
  return weights.table[weights.codes[query * weights.numKeys + key] as number] as number;
}
