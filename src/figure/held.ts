import type { BlockRequest, ExcerptRequest, TileRequest, VectorRequest } from "../contract.gen";
import type { HeadWeights } from "../core/weights/head-weights";
import type { HeadVectors } from "../core/weights/vectors";

/** The weights that a figure still needs, in the words of the messages between page and kernel. */
export type Need = { readonly capture: number } & (
  | { readonly type: "request"; readonly request: BlockRequest }
  | { readonly type: "excerpt"; readonly request: ExcerptRequest }
  | { readonly type: "tiles"; readonly request: TileRequest }
  | { readonly type: "vectors"; readonly request: VectorRequest }
);

interface Answers {
  request: readonly HeadWeights[];
  excerpt: readonly HeadWeights[];
  /** In the order of `tilesOf`. */
  tiles: readonly HeadWeights[];
  vectors: HeadVectors;
}

/**
 * The weights that figures are drawn from. A drawing asks for what it needs; what is not held becomes a need. Whoever
 * draws answers the needs and draws again, so the same code draws with a page's source and with a Python's answers.
 */
export class HeldWeights {
  readonly #answers = new Map<string, unknown>();
  readonly #needs = new Map<string, Need>();

  /** The answer to a request; null, and from now on a need, while it is missing. */
  find<T extends Need["type"]>(need: Extract<Need, { type: T }>): Answers[T] | null {
    const key = JSON.stringify(need);
    const found = this.#answers.get(key) as Answers[T] | undefined;
    if (found === undefined) this.#needs.set(key, need);
    return found ?? null;
  }

  put<T extends Need["type"]>(need: Extract<Need, { type: T }>, answer: Answers[T]): void {
    const key = JSON.stringify(need);
    this.#answers.set(key, answer);
    this.#needs.delete(key);
  }

  /** What drawings have asked for in vain. */
  get needs(): readonly Need[] {
    return [...this.#needs.values()];
  }
}
