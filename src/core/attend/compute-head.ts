import { decimalOf } from "../weights/codecs/decimal16";
import { float16Of } from "../weights/codecs/float16";
import { tableOf } from "../weights/codecs/tables";
import type { HeadWeights } from "../weights/head-weights";
import { areShares } from "../weights/head-weights";
import type { WeightRows } from "./weight-rows";

/** About the number of multiplications between two checks of the signal: a few milliseconds. */
const WORK = 1 << 22;

/** The most weights, 2 bytes each, that fit into a page: in one head, and in heads that are shown together. */
const MAX_OF_HEAD = 1 << 27;
const MAX_TOGETHER = 1 << 29;

/** How many rows to compute at a time, for all keys or for `width` of them. */
export function rowsAtOnce({ numKeys, cost }: WeightRows, width = numKeys): number {
  return Math.max(4, Math.floor(WORK / (Math.max(1, width) * cost)) & ~3);
}

/** Throws an error with a message for users if heads are larger than a page can hold. */
export function checkSize(numHeads: number, numQueries: number, numKeys: number): void {
  const size = numQueries * numKeys;
  if (size > MAX_OF_HEAD) {
    throw new Error(
      `A head of ${numQueries} x ${numKeys} weights is too large to be shown whole. ` +
        "Open the file in Python, hs.load(path).weights(...), for any part of it.",
    );
  }
  if (size * numHeads > MAX_TOGETHER) {
    throw new Error(
      `${numHeads} heads of ${numQueries} x ${numKeys} weights are too large to be shown together: ` +
        `choose at most ${Math.floor(MAX_TOGETHER / size)} of them.`,
    );
  }
}

/** Computes a whole head a few rows at a time, as the codes that a kernel would have sent. */
export function* computeHead(rows: WeightRows): Generator<void, HeadWeights> {
  const { numQueries, numKeys } = rows;
  const codes = new Uint16Array(numQueries * numKeys);
  const step = rowsAtOnce(rows);
  const part = new Float32Array(Math.min(step, numQueries) * numKeys);
  let codeOf = decimalOf;
  for (let start = 0; start < numQueries; start += step) {
    const stop = Math.min(start + step, numQueries);
    const found = part.subarray(0, (stop - start) * numKeys);
    rows.write(start, stop, found);
    if (codeOf === decimalOf && !areShares(found)) {
      // Values that were given as weights need not lie between 0 and 1. If one does not, use half precision from the
      // first row on.
      codeOf = float16Of;
      start = -step;
      continue;
    }
    encode(found, codeOf, codes.subarray(start * numKeys));
    yield;
  }
  const dtype = codeOf === decimalOf ? "decimal16" : "float16";
  return { numQueries, numKeys, codes, table: tableOf(dtype), dtype };
}

/** Computes some rows of a head in single precision, shape (stop - start, numKeys). */
export function* computeRows(rows: WeightRows, start: number, stop: number): Generator<void, Float32Array> {
  const values = new Float32Array((stop - start) * rows.numKeys);
  const step = rowsAtOnce(rows);
  for (let first = start; first < stop; first += step) {
    rows.write(first, Math.min(first + step, stop), values.subarray((first - start) * rows.numKeys));
    yield;
  }
  return values;
}

function encode(values: Float32Array, codeOf: (weight: number) => number, codes: Uint16Array): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    // Skip zeros, which are most weights of a causal head: zero has code 0 in every encoding.
    if (value !== 0 || codes[at] !== 0) codes[at] = codeOf(value);
  }
}
