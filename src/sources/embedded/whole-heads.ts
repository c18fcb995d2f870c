import type { ExcerptRequest, MapDescription, TileRequest } from "../../contract.gen";
import { keyEdges } from "../../core/composed/composed-map";
import { groupingOf, groupTokens, positionsIn } from "../../core/reduce/group-tokens";
import type { Source } from "../../core/state/source";
import { tileOfHead } from "../../core/tiles/tile-bins";
import { checkPlace, type Tile, tilesOf } from "../../core/tiles/tiles";
import type { HeadWeights } from "../../core/weights/head-weights";

type Pooling = Pick<Source, "peekExcerpt" | "excerpt" | "peekTile" | "tiles">;

/** Excerpts and tiles for a source of whole heads, computed from these at each request. */
export function ofWholeHeads(
  source: Pick<Source, "peek" | "fetch">,
  describe: (map: string) => Pick<MapDescription, "query_tokens" | "key_tokens" | "parts">,
): Pooling {
  const excerptOf = (request: ExcerptRequest, weights: HeadWeights): HeadWeights => {
    const map = describe(request.map);
    const queries = groupingOf(request.queries, map.query_tokens.length);
    const keys = groupingOf(request.keys, map.key_tokens.length);
    return groupTokens(weights, queries, keys, positionsIn(request.without), keyEdges(map));
  };
  return {
    peekExcerpt: (request) =>
      request.heads.map((head) => {
        const weights = source.peek("block", request.map, request.layer, head);
        return weights && excerptOf(request, weights);
      }),
    async excerpt(request, _lane, signal) {
      const { map, layer, heads } = request;
      const whole = await source.fetch({ kind: "block", map, layer, heads }, signal);
      return whole.map((weights) => excerptOf(request, weights));
    },
    peekTile: (tile) => {
      const weights = source.peek("block", tile.map, tile.layer, tile.head);
      return weights && tileOfHead(weights, tile, tile.pool);
    },
    async tiles(request: TileRequest, _lane: string, take: (tile: Tile) => void, signal: AbortSignal) {
      const { map, layer, heads } = request;
      const whole = await source.fetch({ kind: "block", map, layer, heads }, signal);
      const found = tilesOf(request).map((tile) => ({ tile, weights: whole[heads.indexOf(tile.head)] as HeadWeights }));
      for (const { tile, weights } of found) checkPlace(tile, weights.numQueries, weights.numKeys);
      for (const { tile, weights } of found) take({ ...tile, weights: tileOfHead(weights, tile, tile.pool) });
    },
  };
}
