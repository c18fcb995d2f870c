import type { Viewport } from "../../core/look/viewport";
import type { Scene } from "../scene/scene";

/** A block of the picture of all, in CSS pixels from the edge of a map. */
export interface ComposedBlock {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** In the order of `regionsOf`. */
const NAMES = ["encoder", "not connected", "cross", "decoder"];

/** The visible blocks of the picture of all in a map of this size; none in other maps. */
export function composedBlocks(
  { shownMap }: Pick<Scene, "shownMap">,
  { queries, keys }: Viewport,
  mapWidth: number,
  mapHeight: number,
): readonly ComposedBlock[] {
  const [across, down] = [mapWidth / (keys[1] - keys[0]), mapHeight / (queries[1] - queries[0])];
  const visible = (shownMap.value?.regions ?? []).map((region, index) => {
    const [left, right] = region.keys.map((key) => Math.max(0, Math.min(mapWidth, (key - keys[0]) * across)));
    const [top, bottom] = region.queries.map((row) => Math.max(0, Math.min(mapHeight, (row - queries[0]) * down)));
    const [x, y] = [left as number, top as number];
    return {
      name: NAMES[index] as string,
      left: x,
      top: y,
      width: (right as number) - x,
      height: (bottom as number) - y,
    };
  });
  return visible.filter(({ width, height }) => width > 0 && height > 0);
}
