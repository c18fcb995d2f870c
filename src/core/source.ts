import type { BlockKind, BlockRequest, ExcerptRequest, TileRequest, VectorRequest } from "../contract.gen";
import type { HeadWeights } from "./head-weights";
import type { Tile } from "./tiles";
import type { HeadVectors } from "./vectors";

/** What answers a request for weights: a kernel, or a page that carries them. */
export interface Source {
  /** The weights if they are in memory. Never asks for them. */
  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined;
  /**
   * The requested heads, in the order of the request. Rejects with an Error whose message is a sentence for people,
   * or with the signal's reason once it aborts.
   */
  fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]>;
  /** The queries and keys of a head, and what makes weights of them, for a range of queries. Rejects as `fetch`. */
  vectors(request: VectorRequest, signal: AbortSignal): Promise<HeadVectors>;
  /** The heads of an excerpt that are in memory, in the order of the request. Never asks for them. */
  peekExcerpt(request: ExcerptRequest): readonly (HeadWeights | undefined)[];
  /**
   * The weights between groups of tokens, in the order of the requested heads. Rejects as `fetch`. `lane` names who
   * asks: who asks anew no longer waits for the answer before.
   */
  excerpt(request: ExcerptRequest, lane: string, signal: AbortSignal): Promise<HeadWeights[]>;
  /** A tile's bins if they are in memory. Never asks for them. */
  peekTile(tile: Omit<Tile, "weights">): HeadWeights | undefined;
  /**
   * Gives each tile to `take` as soon as it is there, in the order of the request; those that need no work may come
   * before. Rejects as `excerpt`.
   */
  tiles(request: TileRequest, lane: string, take: (tile: Tile) => void, signal: AbortSignal): Promise<void>;
}
