import type { Span } from "../look/viewport";
import { type HeadWeights, weightAt } from "../weights/head-weights";
import type { Axis } from "./axis";

/**
 * How much attention each part of a text gives or receives, from the first token to the last, as fractions of the
 * largest.
 */
export type Profile = Float32Array;

/** Spreads the values of an axis's rows over `bins` of its positions, as fractions of the largest bin. */
export function profileOf(axis: Axis, values: readonly number[], bins: number): Profile {
  const count = axis.shownAt.length;
  const profile = new Float32Array(bins);
  axis.groups.forEach((group, row) => {
    const value = values[row] as number;
    if (!(value > 0)) return;
    const [from, to] = binsOf(group, count, bins);
    // A stretch spreads its value over its bins, so that a long one is no darker than its tokens would be.
    const share = value / (to - from);
    for (let bin = from; bin < to; bin++) profile[bin] = (profile[bin] as number) + share;
  });
  const most = profile.reduce((best, value) => Math.max(best, value), 0);
  return most > 0 ? profile.map((value) => value / most) : profile;
}

function binsOf(group: readonly number[], count: number, bins: number): Span {
  const first = Math.floor(((group[0] as number) * bins) / count);
  const last = Math.floor(((group.at(-1) as number) * bins) / count);
  return [first, last + 1];
}

/**
 * The attention that one query gives to each key, that one key receives from each query, or that each row receives from
 * the visible rows; averaged over heads.
 */
export function attentionAlong(
  heads: readonly HeadWeights[],
  side: "query" | "key",
  position: number | null,
  visible: Span,
): number[] {
  const [first] = heads;
  if (!first) return [];
  const count = side === "query" ? first.numKeys : first.numQueries;
  const [from, to] = position === null ? visible : [position, position + 1];
  const mean = (at: number) => {
    let sum = 0;
    for (const head of heads) {
      for (let beside = from; beside < to; beside++) {
        const weight = side === "query" ? weightAt(head, beside, at) : weightAt(head, at, beside);
        if (weight > 0) sum += weight;
      }
    }
    return sum / (heads.length * Math.max(1, to - from));
  };
  return Array.from({ length: count }, (_, at) => mean(at));
}
