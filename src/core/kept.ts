/** What was used last, in at most `maxBytes` of memory. */
export class Kept<T> {
  /** From the one used longest ago to the one used last. */
  readonly #entries = new Map<string, T>();
  readonly #sizeOf: (value: T) => number;
  #held = 0;
  #maxBytes: number;

  constructor(maxBytes: number, sizeOf: (value: T) => number) {
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
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

  get(key: string): T | undefined {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    return found;
  }

  /** Keeps a value, at the cost of those used longest ago. What exceeds the whole cache is not kept. */
  set(key: string, value: T): void {
    this.#drop(key);
    if (this.#sizeOf(value) > this.maxBytes) return;
    this.#entries.set(key, value);
    this.#held += this.#sizeOf(value);
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
    if (found === undefined) return;
    this.#entries.delete(key);
    this.#held -= this.#sizeOf(found);
  }
}
