import type { ViewKind } from "../../contract.gen";
import type { TitledPlace } from "../../core/look/view-title";
import { noteNameOf } from "../notes/head-notes";
import type { Scene } from "./scene";

/** What a view shows, for its title. */
export function titledPlace(scene: Scene, view: ViewKind): TitledPlace {
  const { context, wholeMap, layer, heads } = scene;
  return {
    name: context.name.value,
    map: wholeMap.value,
    isOneOfMaps: context.maps.value.length > 1,
    pair: context.selection.pair.value,
    layer: view !== "model" || context.options.detail.value ? layer.value : null,
    heads: heads.value,
    noteOf: (head) => noteNameOf(scene, layer.value, head),
  };
}
