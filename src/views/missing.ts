import type { HeadWeights } from "../core/head-weights";
import type { ShownHead } from "./shown-heads";

/** Says how many weights are missing; empty if none is. */
export function missingSentence(heads: readonly ShownHead[]): string {
  const count = heads.reduce((sum, { weights }) => sum + missingIn(weights), 0);
  if (count === 0) return "";
  return count === 1 ? "1 weight is missing (NaN)" : `${count} weights are missing (NaN)`;
}

function missingIn({ codes, table }: HeadWeights): number {
  let count = 0;
  for (let index = 0; index < codes.length; index++) {
    if (Number.isNaN(table[codes[index] as number])) count++;
  }
  return count;
}
