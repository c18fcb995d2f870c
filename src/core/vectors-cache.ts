import type { VectorRequest } from "../contract.gen";
import type { HeadVectors } from "./vectors";

/** The vectors used last, in at most `maxBytes` of memory. */
export class VectorCache {
  /** From the one used longest ago to the one used last. */
  readonly #entries = new Map<string, HeadVectors>();
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

  get bytes(): number {
    return this.#held;
  }

  get(request: VectorRequest): HeadVectors | undefined {
    const key = keyOf(request);
    const found = this.#entries.get(key);
    if (found) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    return found;
  }

  /** Keeps vectors, at the cost of those used longest ago. What exceeds the whole cache is not kept. */
  set(request: VectorRequest, vectors: HeadVectors): void {
    this.#drop(keyOf(request));
    if (bytesOf(vectors) > this.maxBytes) return;
    this.#entries.set(keyOf(request), vectors);
    this.#held += bytesOf(vectors);
    this.#shrink();
  }

  #shrink(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#held <= this.maxBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const found = this.#entries.get(key);
    if (!found) return;
    this.#entries.delete(key);
    this.#held -= bytesOf(found);
  }
}

function keyOf({ map, layer, head, queries }: VectorRequest): string {
  return JSON.stringify([map, layer, head, queries]);
}

function bytesOf({ queries, keys, bias, hidden, weights }: HeadVectors): number {
  return [queries, keys, bias, hidden, weights].reduce((sum, part) => sum + (part?.byteLength ?? 0), 0);
}
