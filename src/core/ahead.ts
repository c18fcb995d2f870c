import type { BlockRequest, MapInfo } from "../contract.gen";

/** Requests for every layer of every map: of the map that is shown the nearest layers first, then the others. */
export function layersAhead(maps: readonly MapInfo[], shown: string, here: number): BlockRequest[] {
  const distance = ({ map, layer }: BlockRequest) => (map === shown ? 0 : 1000) + Math.abs(layer - here);
  return maps
    .flatMap(({ name, num_heads }) =>
      num_heads.map((count, layer) => ({ kind: "block" as const, map: name, layer, heads: [...Array(count).keys()] })),
    )
    .sort((a, b) => distance(a) - distance(b));
}
