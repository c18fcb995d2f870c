import type { ExcerptRequest, MapInfo, TileRequest } from "../contract.gen";
import type { HeadWeights } from "./head-weights";
import { groupingOf, regrouped } from "./regroup";
import type { Source } from "./source";
import { checkPlace, type Tile, tileOfHead, tilesOf } from "./tiles";

type Pooling = Pick<Source, "peekExcerpt" | "excerpt" | "peekTile" | "tiles">;

/** Excerpts and tiles for a source that has whole heads: worked out of them each time. */
export function ofWholeHeads(
  source: Pick<Source, "peek" | "fetch">,
  infoOf: (map: string) => Pick<MapInfo, "query_tokens" | "key_tokens">,
): Pooling {
  const excerptOf = (request: ExcerptRequest, weights: HeadWeights): HeadWeights => {
    const { query_tokens, key_tokens } = infoOf(request.map);
    const queries = groupingOf(request.queries, query_tokens.length);
    return regrouped(weights, queries, groupingOf(request.keys, key_tokens.length), request.without_sink);
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
