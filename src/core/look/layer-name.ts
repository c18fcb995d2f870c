import type { MapDescription } from "../../contract.gen";

/** The model's own number of a layer: `1.0` for the first layer of its second stage, mostly the map's number. */
export function layerName(map: MapDescription | undefined, layer: number): string {
  return map?.layer_names?.[layer] ?? String(layer);
}

/** Where a layer is in the model, and what Python calls it where that differs from the model's number. Often empty. */
export function layerPlace(map: MapDescription | undefined, layer: number): string {
  const module = map?.modules?.[layer] ?? "";
  const isOther = map !== undefined && layerName(map, layer) !== String(layer);
  return [module, isOther ? `layer ${layer} of the map “${map.name}” in Python` : ""].filter(Boolean).join(", ");
}

/** How sure the weights of a layer are, in short: empty where nothing is known. */
export function proofText(map: MapDescription | undefined, layer: number): string {
  if (map?.difference === undefined) return "";
  if (map.difference === null) return hasVectors(map, layer) ? "queries and keys as given" : "weights as given";
  return map.difference === 0 ? "proved exactly" : `proved to ${map.difference.toExponential(0)}`;
}

function hasVectors(map: MapDescription, layer: number): boolean {
  return map.no_vectors[layer] === "";
}

/** What `proofText` means. */
export function proofMeaning(map: MapDescription | undefined, layer: number): string {
  if (map?.difference === undefined) return "";
  if (map.difference === null) {
    return hasVectors(map, layer)
      ? "These queries and keys were passed in, and weights are computed from them. Nothing was there to hold them against."
      : "These weights were passed in. Nothing was there to hold them against.";
  }
  return "Rows of weights × values were held against what the model computed, in every layer. The largest difference is a share of the largest value.";
}
