import { excerptParts, joinedParts } from "../../core/reduce/excerpt-parts";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { HeadsAnswer } from "../../views/fetch/fetch-heads";
import type { Scene } from "../../views/scene/scene";
import { type ShownHead, shownHeads } from "../../views/scene/shown-heads";
import type { HeldWeights } from "../held";
import type { MarkedPart } from "../paper/marks";
import type { Style } from "../paper/style";
import type { FigurePanel } from "../spec";

/** What a panel is drawn from. */
export interface PanelInputs {
  readonly panel: FigurePanel;
  /** What the panel shows: that of a view in this state. */
  readonly scene: Scene;
  readonly held: HeldWeights;
  /** The width that the panel may take. One that needs more takes more, and the figure is scaled down. */
  readonly room: number;
  /** Whether the panel shall take the whole width, where its picture can. */
  readonly isFilled: boolean;
  readonly style: Style;
}

/** Draws a panel; null while weights are missing, for which it then has asked. */
export type DrawPanel = (inputs: PanelInputs) => MarkedPart | null;

/** The end of a figure's scene, which never comes: nothing listens once the figure is drawn. */
export const NEVER = { aborted: false, addEventListener() {}, removeEventListener() {} } as unknown as AbortSignal;

/** The heads of a scene as views show them; null while some are missing. */
export function headsOf(scene: Scene, held: HeldWeights, capture: number): readonly ShownHead[] | null {
  const answer = answerOf(scene, held, capture);
  return answer && shownHeads(scene, answer);
}

function answerOf(scene: Scene, held: HeldWeights, capture: number): HeadsAnswer | null {
  const [excerpt, request] = [scene.excerpt.value, scene.request.value];
  if (excerpt) {
    const { shownMap, map, layer, heads } = excerpt;
    const parts = excerptParts(shownMap, { map, layer, heads: [...heads] });
    const near = held.find<"excerpt">({ capture, type: "excerpt", request: parts.near });
    const far = parts.far && held.find<"excerpt">({ capture, type: "excerpt", request: parts.far });
    if (!near || (parts.far && !far)) return null;
    const weights = near.map((one: HeadWeights, at: number) => joinedParts(shownMap, one, far?.[at] ?? null));
    return { kind: "block", map, layer, heads: [...heads], weights, shownMap, isPartial: false };
  }
  if (!request) return null;
  const weights = held.find<"request">({ capture, type: "request", request });
  return weights && { ...request, weights: [...weights] };
}
