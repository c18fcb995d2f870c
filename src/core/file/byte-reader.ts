/** Reads ranges of a file: over HTTP, from disk or from memory. */
export interface ByteReader {
  /** The length of the file in bytes. */
  readonly size: number;
  /**
   * The bytes from `start` up to `stop`, at most to the end of the file. Rejects with an Error whose message is for
   * users, or with the signal's reason once it aborts.
   */
  read(start: number, stop: number, signal: AbortSignal): Promise<ArrayBuffer>;
}

/** Reads a file that is in memory. */
export class MemoryReader implements ByteReader {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.byteLength;
  }

  async read(start: number, stop: number, signal: AbortSignal): Promise<ArrayBuffer> {
    signal.throwIfAborted();
    return Uint8Array.from(this.#bytes.subarray(start, stop)).buffer;
  }
}

/** Reads a range, and rejects unless all of its bytes come. */
export async function readExactly(
  reader: ByteReader,
  start: number,
  stop: number,
  signal: AbortSignal,
): Promise<ArrayBuffer> {
  const bytes = await reader.read(start, stop, signal);
  signal.throwIfAborted();
  if (bytes.byteLength !== stop - start) {
    throw new Error(
      `Bytes ${start} to ${stop} of the file were asked for, and ${bytes.byteLength} bytes came. ` +
        "The file may have changed since it was opened: close it and open it again.",
    );
  }
  return bytes;
}
