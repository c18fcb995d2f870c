import type { HeadWeights } from "../weights/head-weights";

/** The aids that hide weak weights. */
export interface ThresholdOptions {
  /** Weights below it are hidden; null hides none. */
  readonly threshold: number | null;
  /** How many of the strongest weights of each query or key stay; null keeps all. */
  readonly topK: number | null;
  /** Whether `topK` counts the keys of each query or the queries of each key. */
  readonly topOf: "query" | "key";
}

/** Hides the weights under the threshold, and all but the strongest of each query or key. */
export function applyThreshold(weights: HeadWeights, { threshold, topK, topOf }: ThresholdOptions): HeadWeights {
  if (threshold === null && topK === null) return weights;
  const { numQueries, numKeys, table } = weights;
  const codes = weights.codes.slice();
  const [lines, length] = topOf === "query" ? [numQueries, numKeys] : [numKeys, numQueries];
  const [step, along] = topOf === "query" ? [numKeys, 1] : [1, numKeys];
  const found = new Float32Array(length);
  for (let line = 0; line < lines; line++) {
    const start = line * step;
    for (let at = 0; at < length; at++) found[at] = table[codes[start + at * along] as number] as number;
    const least = Math.max(threshold ?? 0, topK === null ? 0 : strongestOf(found, topK));
    for (let at = 0; at < length; at++) {
      // Code 0 stands for zero weight in every encoding. A missing weight stays missing.
      if ((found[at] as number) < least) codes[start + at * along] = 0;
    }
  }
  return { ...weights, codes };
}

/** The `count`-th largest weight. */
function strongestOf(weights: Float32Array, count: number): number {
  if (count >= weights.length) return 0;
  return (
    weights
      .filter((weight) => weight > 0)
      .sort()
      .at(-count) ?? 0
  );
}
