import type { Dtype } from "../contract.gen";
import { decimal16Table, decimalOf } from "./decimals";
import { halfOf } from "./half";
import type { HeadWeights } from "./head-weights";
import { float16Table } from "./tables";

/** A sum of weights may be this much more than 1. */
const ROUNDING = 1e-6;

/**
 * Weights as they travel: with every digit that is shown, or in half precision where some are not between 0 and 1.
 * `from` says what they were computed from: weights that came rounded to a byte stay marked as such.
 */
export function encoded(weights: ArrayLike<number>, from?: Dtype): Pick<HeadWeights, "codes" | "table" | "dtype"> {
  const codes = new Uint16Array(weights.length);
  const isShare = areShares(weights);
  const codeOf = isShare ? decimalOf : halfOf;
  for (let at = 0; at < codes.length; at++) codes[at] = codeOf(weights[at] as number);
  const dtype = isShare ? "decimal16" : "float16";
  return { codes, table: isShare ? decimal16Table : float16Table, dtype: from === "sqrt8" ? from : dtype };
}

/** Whether all that are not missing lie between 0 and 1. */
export function areShares(weights: ArrayLike<number>): boolean {
  for (let at = 0; at < weights.length; at++) {
    const weight = weights[at] as number;
    if (weight < 0 || weight > 1 + ROUNDING) return false;
  }
  return true;
}
