import type { Dtype } from "../../contract.gen";
import { decimal16Table, decimalOf } from "./codecs/decimal16";
import { float16Of } from "./codecs/float16";
import { float16Table } from "./codecs/tables";

/**
 * The encoded weights of one head, as they were sent: `weight = table[codes[query * numKeys + key]]`, NaN where
 * missing.
 */
export interface HeadWeights {
  readonly numQueries: number;
  readonly numKeys: number;
  readonly codes: Uint16Array | Uint8Array;
  /** The weight of each code. */
  readonly table: Float32Array;
  readonly dtype: Dtype;
}

export function weightAt(weights: HeadWeights, query: number, key: number): number {
  return weights.table[weights.codes[query * weights.numKeys + key] as number] as number;
}

/** How far rounding may take a sum of weights above 1. */
const ROUNDING = 1e-6;

/**
 * Encodes weights with every digit that views show, or in half precision if some do not lie between 0 and 1. `from` is
 * the encoding of the weights from which these were computed: weights that were rounded to a byte stay marked as such.
 */
export function encodeWeights(weights: ArrayLike<number>, from?: Dtype): Pick<HeadWeights, "codes" | "table" | "dtype"> {
  const codes = new Uint16Array(weights.length);
  const isShare = areShares(weights);
  const codeOf = isShare ? decimalOf : float16Of;
  for (let at = 0; at < codes.length; at++) codes[at] = codeOf(weights[at] as number);
  const dtype = isShare ? "decimal16" : "float16";
  return { codes, table: isShare ? decimal16Table : float16Table, dtype: from === "sqrt8" ? from : dtype };
}

/** Whether all weights that are not missing lie between 0 and 1. */
export function areShares(weights: ArrayLike<number>): boolean {
  for (let at = 0; at < weights.length; at++) {
    const weight = weights[at] as number;
    if (weight < 0 || weight > 1 + ROUNDING) return false;
  }
  return true;
}
