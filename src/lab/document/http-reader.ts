import { type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import type { ByteReader } from "../../core/file/byte-reader";
import { type Part, readPart } from "./http-answer";

/** Requests a range of a file from a server, in the syntax of the `Range` header. */
export type AskRange = (range: string, signal: AbortSignal) => Promise<Response>;

/** Enough for the header of most files. */
const FIRST_BYTES = 128 * 1024;

/** Reads a file on a server, by ranges if the server supports them. */
export class HttpReader implements ByteReader {
  readonly size: number;
  readonly #name: string;
  readonly #ask: AskRange;
  /** The beginning of the file when it was opened; the whole file if the server sent it whole. */
  readonly #first: Part;
  readonly #changed = signalOf(false);

  private constructor(name: string, ask: AskRange, first: Part) {
    this.size = first.size;
    this.#name = name;
    this.#ask = ask;
    this.#first = first;
  }

  /** Rejects with a message for users that names the file `name`. */
  static async open(name: string, ask: AskRange, signal: AbortSignal): Promise<HttpReader> {
    return new HttpReader(name, ask, await askFor(name, ask, 0, FIRST_BYTES, signal));
  }

  /** Whether the server now has another file than the one that was opened. */
  get changed(): ReadonlySignal<boolean> {
    return this.#changed;
  }

  async read(start: number, stop: number, signal: AbortSignal): Promise<ArrayBuffer> {
    signal.throwIfAborted();
    const end = Math.min(stop, this.size);
    if (start >= end) return new ArrayBuffer(0);
    if (end <= this.#first.bytes.byteLength) return this.#first.bytes.slice(start, end);
    const part = await askFor(this.#name, this.#ask, start, end, signal);
    this.#compare(part);
    if (this.#changed.peek()) throw new Error(`${this.#name} has changed since it was opened. Reload it.`);
    return part.bytes.slice(start - part.start, end - part.start);
  }

  /** Checks whether the file has changed. Ignores a server that is out of reach. */
  async check(signal: AbortSignal): Promise<void> {
    const knowsRanges = this.#first.bytes.byteLength <= FIRST_BYTES;
    if (!knowsRanges) return;
    try {
      this.#compare(await askFor(this.#name, this.#ask, 0, 1, signal));
    } catch {
      // The next read of the file will report the error.
    }
  }

  #compare({ version }: Part): void {
    if (version !== this.#first.version) this.#changed.value = true;
  }
}

async function askFor(name: string, ask: AskRange, start: number, stop: number, signal: AbortSignal): Promise<Part> {
  try {
    return await readPart(await ask(`bytes=${start}-${stop - 1}`, signal), start, stop, name);
  } catch (error) {
    signal.throwIfAborted();
    // Browsers throw this if there is no connection, or no longer one.
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`The server can't be reached, so ${name} can't be read. Try again once it answers.`);
  }
}
