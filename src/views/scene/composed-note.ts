import type { MapDescription } from "../../contract.gen";
import { isComposed } from "../../core/composed/composed-map";
import { layerName } from "../../core/look/layer-name";
import type { Scene } from "./scene";

type NotedScene = Pick<Scene, "context" | "wholeMap" | "layer">;

/** What a reader must know about the picture of all: what is hatched, and what rows add up to. Empty for other maps. */
export function composedNote({ context, wholeMap, layer }: NotedScene): string {
  const map = wholeMap.value;
  if (!map || !isComposed(map)) return "";
  const lacks = new Map<string, string[]>();
  for (const { name } of map.parts ?? []) {
    const own = context.maps.value.find((one) => one.name === name);
    const lack = own && lackOf(own, map, layer.value);
    if (lack) lacks.set(lack, [...(lacks.get(lack) ?? []), name]);
  }
  return [
    "Source → target is not connected (hatched in heat maps)",
    "rows of target tokens sum to 2 (cross + decoder)",
    ...[...lacks].map(([lack, names]) => `${lack} in ${names.join(" and ")}`),
  ].join("; ");
}

/** What a map lacks that another has. */
function lackOf(own: MapDescription, all: MapDescription, layer: number): string {
  if (layer >= own.num_layers) return `no layer ${layerName(all, layer)}`;
  const [count, most] = [own.num_heads[layer] as number, all.num_heads[layer] as number];
  if (count === most) return "";
  return `only ${count === 1 ? "head 0" : `heads 0 to ${count - 1}`}`;
}
