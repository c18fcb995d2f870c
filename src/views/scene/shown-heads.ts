import { headColor } from "../../core/look/colors";
import type { Rgb } from "../../core/look/line-geometry";
import { carriedOver } from "../../core/reduce/excerpt-parts";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { HeadsAnswer } from "../fetch/fetch-heads";
import type { Scene } from "./scene";

/** A head as the view shows it. */
export interface ShownHead {
  readonly head: number;
  readonly color: Rgb;
  readonly weights: HeadWeights;
  /** The weights of all tokens, before the reading aids; missing if only those of some tokens have arrived. */
  readonly whole?: HeadWeights;
}

/**
 * The heads of an answer as the view shows them. Empty if the answer belongs to another map than the tokens now shown.
 */
export function shownHeads({ description, shownMap, dark }: Scene, answer: HeadsAnswer | null): readonly ShownHead[] {
  const current = shownMap.value;
  if (!answer || !current || answer.map !== description.value?.name || current.isRemote !== Boolean(answer.shownMap))
    return [];
  const { shownMap: from } = answer;
  const shown = (weights: HeadWeights) => (from && from !== current ? carriedOver(weights, from, current) : weights);
  const numHeads = description.value.num_heads[answer.layer] ?? 0;
  return answer.heads.map((head, index) => {
    const weights = answer.weights[index] as HeadWeights;
    const color = headColor(head, numHeads, dark.value);
    return { head, color, weights: current.apply(shown(weights)), ...(from ? {} : { whole: weights }) };
  });
}
