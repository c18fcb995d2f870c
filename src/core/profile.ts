import type { Axis } from "./axis";
import { type HeadWeights, weightAt } from "./head-weights";
import type { Span } from "./viewport";

/** How much attention each part of a text gives or receives, from its first token to its last: shares, 1 the largest. */
export type Profile = Float32Array;

/** The weights of the rows or columns of an axis, spread over `bins` of its positions: of each bin the largest share. */
export function profileOf(axis: Axis, values: readonly number[], bins: number): Profile {
  const count = axis.shownAt.length;
  const profile = new Float32Array(bins);
  axis.groups.forEach((group, row) => {
    const value = values[row] as number;
    if (!(value > 0)) return;
    const [from, to] = binsOf(group, count, bins);
    // What a stretch gets is spread over its bins: a long one is not darker than its tokens.
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

/** What one query gives to each key, or one key gets of each query, or what each gets of the rows in sight: the mean of heads. */
export function attentionAlong(
  heads: readonly HeadWeights[],
  side: "query" | "key",
  position: number | null,
  inSight: Span,
): number[] {
  const [first] = heads;
  if (!first) return [];
  const count = side === "query" ? first.numKeys : first.numQueries;
  const [from, to] = position === null ? inSight : [position, position + 1];
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
