import type { BlockRequest, MapDescription } from "../../contract.gen";

/**
 * Requests every layer of every map: first the layers of the shown map, nearest first, then those of the other maps.
 */
export function layersAhead(maps: readonly MapDescription[], shown: string, here: number): BlockRequest[] {
  const distance = ({ map, layer }: BlockRequest) => (map === shown ? 0 : 1000) + Math.abs(layer - here);
  return maps
    .flatMap(({ name, num_heads }) =>
      num_heads.map((count, layer) => ({ kind: "block" as const, map: name, layer, heads: [...Array(count).keys()] })),
    )
    .sort((a, b) => distance(a) - distance(b));
}
