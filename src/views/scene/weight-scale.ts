import type { Scale } from "../../core/look/colors";
import { meanReceived } from "../../core/reduce/received";
import { sightOf } from "../../core/reduce/sight";
import { sinksOf } from "../../core/reduce/sinks";
import type { Scene } from "./scene";
import type { ShownHead } from "./shown-heads";

/** From this many tokens on, single weights are so small beside sinks that a linear scale shows nothing else. */
export const LONG_SCALE = 128;

/** The names of the scales. */
export const SCALES: Readonly<Record<Scale, string>> = { linear: "linear", sqrt: "square root", log: "log" };

/** How weights become colours or strengths of lines. */
export interface WeightScale {
  readonly scale: Scale;
  /** Whether the scale ends at the largest weight beside attention sinks. */
  readonly isBesideSinks: boolean;
}

/** The weight at the end of a scale. */
export interface ScaleEnd {
  readonly weight: number;
  /** Whether sinks exceed it. */
  readonly isExceeded: boolean;
}

type ScaledScene = Pick<Scene, "context" | "wholeMap">;

/** The scale of heat maps and running text: the chosen one, or by the length of the text. */
export function heatScale(scene: ScaledScene, chosen = scene.context.options.scale.value): WeightScale {
  if (chosen !== "auto") return { scale: chosen, isBesideSinks: false };
  return isLongText(scene) ? { scale: "sqrt", isBesideSinks: true } : { scale: "linear", isBesideSinks: false };
}

/** The scale of lines. By default it stays linear, because many faint lines would hide the few strong ones. */
export function lineScale(scene: ScaledScene, chosen = scene.context.options.scale.value): WeightScale {
  if (chosen !== "auto") return { scale: chosen, isBesideSinks: false };
  return { scale: "linear", isBesideSinks: isLongText(scene) };
}

function isLongText({ wholeMap }: ScaledScene): boolean {
  const { query_tokens = [], key_tokens = [] } = wholeMap.value ?? {};
  return Math.max(query_tokens.length, key_tokens.length) >= LONG_SCALE;
}

/**
 * The shown keys that set no scale, as rows of the shown map: those that gather more than the reader's share of the
 * attention of the shown heads. No further weights are asked for.
 */
export function sinksOnScreen(
  { context, shownMap, ranges }: Pick<Scene, "context" | "shownMap" | "ranges">,
  heads: readonly ShownHead[],
): readonly number[] {
  const share = context.options.aids.sinkShare.value;
  const weights = heads.map((head) => head.weights);
  const wholes = heads.flatMap(({ whole }) => whole ?? []);
  if (wholes.length > 0) return sinksOf(weights, shownMap.value?.sight(wholes) ?? sightOf(wholes), share);
  const groups = shownMap.value?.queries.groups;
  const shares = meanReceived(weights, ranges.value.queries, (row) => groups?.[row]?.length ?? 1);
  return [...shares.keys()].filter((key) => (shares[key] as number) > share);
}
