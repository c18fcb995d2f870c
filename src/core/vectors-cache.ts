import type { VectorRequest } from "../contract.gen";
import { Kept } from "./kept";
import type { HeadVectors } from "./vectors";

/** The vectors used last, in at most `maxBytes` of memory. */
export class VectorCache {
  readonly #kept: Kept<HeadVectors>;

  constructor(maxBytes: number) {
    this.#kept = new Kept(maxBytes, bytesOf);
  }

  get maxBytes(): number {
    return this.#kept.maxBytes;
  }

  set maxBytes(bytes: number) {
    this.#kept.maxBytes = bytes;
  }

  get bytes(): number {
    return this.#kept.bytes;
  }

  get(request: VectorRequest): HeadVectors | undefined {
    return this.#kept.get(keyOf(request));
  }

  set(request: VectorRequest, vectors: HeadVectors): void {
    this.#kept.set(keyOf(request), vectors);
  }
}

function keyOf({ map, layer, head, queries }: VectorRequest): string {
  return JSON.stringify([map, layer, head, queries]);
}

function bytesOf({ queries, keys, bias, hidden, weights }: HeadVectors): number {
  return [queries, keys, bias, hidden, weights].reduce((sum, part) => sum + (part?.byteLength ?? 0), 0);
}
