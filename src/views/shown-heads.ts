import { headColor } from "../core/colors";
import { carriedOver } from "../core/excerpt-parts";
import type { HeadWeights } from "../core/head-weights";
import type { Rgb } from "../core/lines";
import type { Answer } from "./blocks";
import type { Scene } from "./scene";

/** A head as it is shown. */
export interface ShownHead {
  readonly head: number;
  readonly color: Rgb;
  readonly weights: HeadWeights;
}

/** The heads of an answer, through the lens. None, when it is of another map than the tokens that stand there now. */
export function shownHeads({ info, lens, dark }: Scene, answer: Answer | null): readonly ShownHead[] {
  const through = lens.value;
  if (!answer || !through || answer.map !== info.value?.name || through.isRemote !== Boolean(answer.lens)) return [];
  const { lens: from } = answer;
  const shown = (weights: HeadWeights) => (from && from !== through ? carriedOver(weights, from, through) : weights);
  const numHeads = info.value.num_heads[answer.layer] ?? 0;
  return answer.heads.map((head, index) => ({
    head,
    color: headColor(head, numHeads, dark.value),
    weights: through.apply(shown(answer.weights[index] as HeadWeights)),
  }));
}
