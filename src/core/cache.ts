import type { BlockKind, ExcerptRequest } from "../contract.gen";
import type { HeadWeights } from "./head-weights";

/** Names one head's weights in a cache. */
export function cacheKey(kind: BlockKind, map: string, layer: number, head: number): string {
  return JSON.stringify([kind, map, layer, head]);
}

/** Names each head of an excerpt in a cache. */
export function excerptKeys({ map, layer, queries, keys, without_sink }: ExcerptRequest): (head: number) => string {
  const groups = JSON.stringify([queries, keys, without_sink]);
  return (head) => JSON.stringify(["excerpt", map, layer, head, groups]);
}

/**
 * The heads used last, in at most `maxBytes` of memory.
 *
 * Heads are views of the buffers they came in, and one head keeps its whole buffer alive: each buffer counts whole, once.
 */
export class HeadCache {
  /** From the head used longest ago to the one used last. */
  readonly #entries = new Map<string, HeadWeights>();
  readonly #users = new Map<ArrayBufferLike, number>();
  #held = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Less memory costs those used longest ago at once. */
  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
    this.#shrink();
  }

  /** The memory that the cached heads keep alive. */
  get bytes(): number {
    return this.#held;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get(key: string): HeadWeights | undefined {
    const weights = this.#entries.get(key);
    if (weights) {
      this.#entries.delete(key);
      this.#entries.set(key, weights);
    }
    return weights;
  }

  /** Keeps a head, at the cost of those used longest ago. One whose buffer exceeds the whole cache is not kept. */
  set(key: string, weights: HeadWeights): void {
    this.delete(key);
    if (weights.codes.buffer.byteLength > this.maxBytes) return;
    this.#entries.set(key, weights);
    this.#count(weights.codes.buffer, 1);
    this.#shrink();
  }

  #shrink(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#held <= this.maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: string): boolean {
    const weights = this.#entries.get(key);
    if (!weights) return false;
    this.#entries.delete(key);
    this.#count(weights.codes.buffer, -1);
    return true;
  }

  clear(): void {
    this.#entries.clear();
    this.#users.clear();
    this.#held = 0;
  }

  #count(buffer: ArrayBufferLike, change: 1 | -1): void {
    const before = this.#users.get(buffer) ?? 0;
    const after = before + change;
    if (before === 0) this.#held += buffer.byteLength;
    if (after === 0) {
      this.#held -= buffer.byteLength;
      this.#users.delete(buffer);
    } else {
      this.#users.set(buffer, after);
    }
  }
}
