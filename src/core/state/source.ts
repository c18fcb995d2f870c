import type { BlockKind, BlockRequest, ExcerptRequest, TileRequest, VectorRequest } from "../../contract.gen";
import type { TakeTile, TileAddress } from "../tiles/tiles";
import type { HeadWeights } from "../weights/head-weights";
import type { HeadVectors } from "../weights/vectors";

/**
 * Raised by a source that holds only a part of a capture, such as a page or a snapshot, for a request outside that
 * part. Not worth retrying.
 */
export class NotHeldError extends Error {}

/** Answers requests for weights, for example from a kernel or from the data in a page. */
export interface Source {
  /** The weights if they are in memory. Never requests them. */
  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined;
  /**
   * The requested heads, in the order of the request. Rejects with an Error whose message is for users, or with the
   * signal's reason once it aborts.
   */
  fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]>;
  /**
   * The queries and keys of a head, and the rules that turn them into weights, for a range of queries. Rejects as
   * `fetch` does.
   */
  vectors(request: VectorRequest, signal: AbortSignal): Promise<HeadVectors>;
  /** The heads of an excerpt that are in memory, in the order of the request. Never requests them. */
  peekExcerpt(request: ExcerptRequest): readonly (HeadWeights | undefined)[];
  /**
   * The weights between groups of tokens, in the order of the requested heads. Rejects as `fetch` does. `lane` names
   * the caller: a newer request in the same lane supersedes this one.
   */
  excerpt(request: ExcerptRequest, lane: string, signal: AbortSignal): Promise<HeadWeights[]>;
  /** A tile's bins if they are in memory. Never requests them. */
  peekTile(tile: TileAddress): HeadWeights | undefined;
  /**
   * Gives each tile to `take` as soon as it arrives, in the order of the request; tiles that need no work may come
   * first. Rejects as `excerpt` does.
   */
  tiles(request: TileRequest, lane: string, take: TakeTile, signal: AbortSignal): Promise<void>;
}
