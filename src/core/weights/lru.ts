/**
 * An LRU cache that holds at most `maxBytes` of memory.
 * A value that views a part of an `ArrayBuffer` keeps the whole buffer alive. So each buffer counts as a whole, and
 * only once, however many values share it.
 */
export class ByteLru<T> {
  /** From the least to the most recently used. */
  readonly #entries = new Map<string, T>();
  /** The number of values that use each buffer. */
  readonly #users = new Map<ArrayBufferLike, number>();
  readonly #buffersOf: (value: T) => readonly ArrayBufferLike[];
  #bytes = 0;
  #maxBytes: number;

  /** `buffersOf` returns all buffers that a value keeps alive. */
  constructor(maxBytes: number, buffersOf: (value: T) => readonly ArrayBufferLike[]) {
    this.#maxBytes = maxBytes;
    this.#buffersOf = buffersOf;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** A lower limit evicts the least recently used values at once. */
  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
    this.#evict();
  }

  /** The memory that the cached values keep alive. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#touch(key, value);
    return value;
  }

  /** The least recently used value that matches. It counts as used now. */
  find(matches: (value: T) => boolean): T | undefined {
    for (const [key, value] of this.#entries) {
      if (!matches(value)) continue;
      this.#touch(key, value);
      return value;
    }
    return undefined;
  }

  /** Caches a value and evicts the least recently used ones. A value larger than the whole cache is not cached. */
  set(key: string, value: T): void {
    this.delete(key);
    const buffers = this.#buffersOf(value);
    if (buffers.reduce((sum, { byteLength }) => sum + byteLength, 0) > this.maxBytes) return;
    this.#entries.set(key, value);
    for (const buffer of buffers) this.#count(buffer, 1);
    this.#evict();
  }

  delete(key: string): boolean {
    const value = this.#entries.get(key);
    if (value === undefined) return false;
    this.#entries.delete(key);
    for (const buffer of this.#buffersOf(value)) this.#count(buffer, -1);
    return true;
  }

  clear(): void {
    this.#entries.clear();
    this.#users.clear();
    this.#bytes = 0;
  }

  #touch(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
  }

  #evict(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) return;
      this.delete(oldest);
    }
  }

  #count(buffer: ArrayBufferLike, change: 1 | -1): void {
    const before = this.#users.get(buffer) ?? 0;
    const after = before + change;
    if (before === 0) this.#bytes += buffer.byteLength;
    if (after === 0) {
      this.#bytes -= buffer.byteLength;
      this.#users.delete(buffer);
    } else {
      this.#users.set(buffer, after);
    }
  }
}
