import type { BlockKind, BlockRequest, VectorRequest } from "../contract.gen";
import type { HeadWeights } from "./head-weights";
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
}
