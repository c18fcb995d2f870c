import type { Dtype } from "../../contract.gen";
import { isComposed, partAt, partName } from "../../core/composed/composed-map";
import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import type { Scene } from "../scene/scene";

/** A row and a column of what is shown. */
interface Cell {
  readonly query: number;
  readonly key: number;
}

type PlacedScene = Pick<Scene, "description" | "shownMap">;

/** Where a cell is: its layer, and its attention in the picture of all. Null where nothing connects query and key. */
export function cellPlace(scene: PlacedScene, layer: number, cell: Cell): string | null {
  const place = `layer ${layerName(scene.description.value, layer)}`;
  if (!isComposed(scene.description.value)) return place;
  const part = partOf(scene, cell);
  return part && `${partName(part)}, ${place}`;
}

/** What is said of a cell without a place. */
export const UNCONNECTED = "no attention connects source and target";

/** The weight of a cell in words. In the picture of all, a weight is missing if an attention lacks its layer or head. */
export function cellWeight(scene: PlacedScene, weight: number, dtype: Dtype | undefined): string {
  return Number.isNaN(weight) && isComposed(scene.description.value) ? "no such head" : formatWeight(weight, dtype);
}

function partOf({ description, shownMap }: PlacedScene, { query, key }: Cell) {
  const [queries, keys] = [shownMap.value?.queries.groups[query], shownMap.value?.keys.groups[key]];
  return partAt(description.value ?? {}, queries?.[0] ?? query, keys?.[0] ?? key);
}
