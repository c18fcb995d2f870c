import { ByteLru } from "../weights/lru";
import { type ByteReader, readExactly } from "./byte-reader";

/**
 * Ranges closer together than this are merged into one read: another request would cost more than the bytes between
 * them.
 */
const GAP = 64 * 1024;
/** Merging makes no read longer than this. */
const LONGEST = 32 * 1024 * 1024;

interface ByteRange {
  readonly start: number;
  readonly stop: number;
}

/** One read of the file under way, and the number of callers that wait for a part of it. */
interface PendingRead extends ByteRange {
  readonly bytes: Promise<ArrayBuffer>;
  readonly stopReading: AbortController;
  waiting: number;
}

/** A range that was requested in this turn. */
interface ReadRequest extends ByteRange {
  readonly begin: (read: PendingRead) => void;
}

interface CachedRange extends ByteRange {
  readonly bytes: ArrayBuffer;
}

/** The bytes of a file. Merges the ranges that are requested in one turn, and caches the most recently used. */
export class FileBytes {
  readonly #reader: ByteReader;
  readonly #cache: ByteLru<CachedRange>;
  readonly #reading = new Set<PendingRead>();
  #requests: ReadRequest[] = [];

  constructor(reader: ByteReader, maxBytes: number) {
    this.#reader = reader;
    this.#cache = new ByteLru(maxBytes, ({ bytes }) => [bytes]);
  }

  /** The memory that the cache takes, in bytes. */
  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /** The bytes from `start` up to `stop`, which callers must not modify. Rejects as `ByteReader.read` does. */
  async read(start: number, stop: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const cached =
      start === stop
        ? { start, bytes: new ArrayBuffer(0) }
        : this.#cache.find((range) => range.start <= start && range.stop >= stop);
    const { start: first, bytes } = cached ?? (await this.#join({ start, stop }, signal));
    return new Uint8Array(bytes, start - first, stop - start);
  }

  /**
   * Waits for a read that brings the range: one under way, or one that starts once all requests of this turn are known.
   */
  #join({ start, stop }: ByteRange, signal: AbortSignal): Promise<{ start: number; bytes: ArrayBuffer }> {
    return new Promise((resolve, reject) => {
      const begin = (read: PendingRead) => {
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
      this.#requests.push({ start, stop, begin });
      if (this.#requests.length === 1) queueMicrotask(() => this.#send());
    });
  }

  #send(): void {
    const requests = this.#requests.sort((a, b) => a.start - b.start);
    this.#requests = [];
    for (let first = 0; first < requests.length; ) {
      const { start } = requests[first] as ReadRequest;
      let { stop } = requests[first] as ReadRequest;
      let next = first + 1;
      for (; next < requests.length; next++) {
        const request = requests[next] as ReadRequest;
        const longer = Math.max(stop, request.stop);
        if (request.start > stop + GAP || (longer > stop && longer - start > LONGEST)) break;
        stop = longer;
      }
      const read = this.#start(start, stop);
      for (const { begin } of requests.slice(first, next)) begin(read);
      if (read.waiting === 0) read.stopReading.abort();
      first = next;
    }
  }

  #start(start: number, stop: number): PendingRead {
    const stopReading = new AbortController();
    const bytes = readExactly(this.#reader, start, stop, stopReading.signal);
    const read: PendingRead = { start, stop, bytes, stopReading, waiting: 0 };
    this.#reading.add(read);
    bytes
      .then((read) => this.#cache.set(`${start} ${stop}`, { start, stop, bytes: read }))
      // Each caller that waits handles the error.
      .catch(() => undefined)
      .finally(() => this.#reading.delete(read));
    return read;
  }
}
