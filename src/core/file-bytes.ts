import { type ByteReader, readExactly } from "./file-reader";

/** Ranges that lie so near to each other are read together: a request costs more than the bytes between them. */
const GAP = 64 * 1024;
/** No single read is made longer than this by what lies near. */
const LONGEST = 32 * 1024 * 1024;

interface Range {
  readonly start: number;
  readonly stop: number;
}

/** One read of the file under way, and those who wait for part of it. */
interface Read extends Range {
  readonly bytes: Promise<ArrayBuffer>;
  readonly stopReading: AbortController;
  waiting: number;
}

interface Wish extends Range {
  readonly begin: (read: Read) => void;
}

/** The bytes of a file: what is asked for in one turn is read together, and what was read last is kept. */
export class FileBytes {
  readonly #reader: ByteReader;
  readonly #maxBytes: number;
  /** From the one used longest ago to the one used last, by where it starts and stops. */
  readonly #kept = new Map<string, Range & { readonly bytes: ArrayBuffer }>();
  readonly #reading = new Set<Read>();
  #wishes: Wish[] = [];
  #held = 0;

  constructor(reader: ByteReader, maxBytes: number) {
    this.#reader = reader;
    this.#maxBytes = maxBytes;
  }

  /** The memory that is kept. */
  get held(): number {
    return this.#held;
  }

  /** The bytes from `start` up to `stop`. Rejects as `ByteReader.read`. Not to be written to. */
  async read(start: number, stop: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const kept = start === stop ? { start, bytes: new ArrayBuffer(0) } : this.#find(start, stop);
    const { start: first, bytes } = kept ?? (await this.#join({ start, stop }, signal));
    return new Uint8Array(bytes, start - first, stop - start);
  }

  #find(start: number, stop: number) {
    for (const [key, part] of this.#kept) {
      if (part.start > start || part.stop < stop) continue;
      this.#kept.delete(key);
      this.#kept.set(key, part);
      return part;
    }
    return undefined;
  }

  /** Waits for a read that brings the range: one under way, or one that starts once this turn's wishes are known. */
  #join({ start, stop }: Range, signal: AbortSignal): Promise<{ start: number; bytes: ArrayBuffer }> {
    return new Promise((resolve, reject) => {
      const begin = (read: Read) => {
        if (signal.aborted) return reject(signal.reason);
        read.waiting++;
        const leave = () => {
          reject(signal.reason);
          if (--read.waiting === 0) read.stopReading.abort(signal.reason);
        };
        signal.addEventListener("abort", leave, { once: true });
        read.bytes
          .then((bytes) => resolve({ start: read.start, bytes }), reject)
          .finally(() => signal.removeEventListener("abort", leave));
      };
      const underWay = [...this.#reading].find(
        (read) => read.start <= start && read.stop >= stop && !read.stopReading.signal.aborted,
      );
      if (underWay) return begin(underWay);
      this.#wishes.push({ start, stop, begin });
      if (this.#wishes.length === 1) queueMicrotask(() => this.#send());
    });
  }

  #send(): void {
    const wishes = this.#wishes.sort((a, b) => a.start - b.start);
    this.#wishes = [];
    for (let first = 0; first < wishes.length; ) {
      const { start } = wishes[first] as Wish;
      let { stop } = wishes[first] as Wish;
      let next = first + 1;
      for (; next < wishes.length; next++) {
        const wish = wishes[next] as Wish;
        const longer = Math.max(stop, wish.stop);
        if (wish.start > stop + GAP || (longer > stop && longer - start > LONGEST)) break;
        stop = longer;
      }
      const read = this.#start(start, stop);
      for (const { begin } of wishes.slice(first, next)) begin(read);
      if (read.waiting === 0) read.stopReading.abort();
      first = next;
    }
  }

  #start(start: number, stop: number): Read {
    const stopReading = new AbortController();
    const bytes = readExactly(this.#reader, start, stop, stopReading.signal);
    const read: Read = { start, stop, bytes, stopReading, waiting: 0 };
    this.#reading.add(read);
    bytes
      .then((read) => this.#keep(start, stop, read))
      // Those who wait hear of it.
      .catch(() => undefined)
      .finally(() => this.#reading.delete(read));
    return read;
  }

  #keep(start: number, stop: number, bytes: ArrayBuffer): void {
    if (bytes.byteLength > this.#maxBytes || this.#kept.has(`${start} ${stop}`)) return;
    this.#kept.set(`${start} ${stop}`, { start, stop, bytes });
    this.#held += bytes.byteLength;
    for (const [key, oldest] of this.#kept) {
      if (this.#held <= this.#maxBytes) return;
      this.#kept.delete(key);
      this.#held -= oldest.bytes.byteLength;
    }
  }
}
