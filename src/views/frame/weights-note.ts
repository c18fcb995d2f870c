import { cropped } from "../../core/reduce/cropped";
import type { HeadWeights } from "../../core/weights/head-weights";
import { isLong } from "../../core/weights/map-size";
import { composedNote } from "../scene/composed-note";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";

type NotedScene = Pick<Scene, "context" | "wholeMap" | "layer" | "ranges">;

/**
 * Says what colours and lines cannot show: how many weights are missing or below 0; empty if none are. In the picture of
 * all many are missing by nature, and a note says why.
 */
export function weightsNote(heads: readonly ShownHead[], scene: NotedScene): string {
  const ofAll = composedNote(scene);
  // Of a long map no head is held whole.
  if (ofAll) return heads.length > 0 || (scene.wholeMap.value && isLong(scene.wholeMap.value)) ? ofAll : "";
  const ranges = scene.ranges.value;
  const [missing, negative] = [Number.isNaN, isNegative].map((isOne) =>
    heads.reduce((sum, { weights }) => sum + countOf(cropped(weights, ranges), isOne), 0),
  ) as [number, number];
  return [
    counted(missing, "is missing (NaN)", "are missing (NaN)"),
    counted(negative, "is below 0 and drawn like 0", "are below 0 and drawn like 0"),
  ]
    .filter(Boolean)
    .join("; ");
}

function counted(count: number, one: string, several: string): string {
  if (count === 0) return "";
  return count === 1 ? `1 weight ${one}` : `${count} weights ${several}`;
}

function isNegative(weight: number): boolean {
  return weight < 0;
}

function countOf({ codes, table }: HeadWeights, isOne: (weight: number) => boolean): number {
  let count = 0;
  for (let index = 0; index < codes.length; index++) {
    if (isOne(table[codes[index] as number] as number)) count++;
  }
  return count;
}
