import { type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import type { ByteReader } from "../core/file-reader";
import { type Part, partOf } from "./http-answer";

/** Asks a server for a range of a file, named as the header `Range` names it. */
export type AskRange = (range: string, signal: AbortSignal) => Promise<Response>;

/** Holds the header of most files. */
const FIRST_BYTES = 128 * 1024;

/** Reads a file of a server, in ranges where the server knows them. */
export class HttpReader implements ByteReader {
  readonly size: number;
  readonly #name: string;
  readonly #ask: AskRange;
  /** What the file began with when it was opened; all of it where the server sent it whole. */
  readonly #first: Part;
  readonly #changed = signalOf(false);

  private constructor(name: string, ask: AskRange, first: Part) {
    this.size = first.size;
    this.#name = name;
    this.#ask = ask;
    this.#first = first;
  }

  /** Rejects with a sentence for people, in which `name` is the file. */
  static async open(name: string, ask: AskRange, signal: AbortSignal): Promise<HttpReader> {
    return new HttpReader(name, ask, await askFor(name, ask, 0, FIRST_BYTES, signal));
  }

  /** Whether the server has another file by now than the one that was opened. */
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

  /** Looks whether the file has changed. A server that can't be asked now tells nothing. */
  async check(signal: AbortSignal): Promise<void> {
    const knowsRanges = this.#first.bytes.byteLength <= FIRST_BYTES;
    if (!knowsRanges) return;
    try {
      this.#compare(await askFor(this.#name, this.#ask, 0, 1, signal));
    } catch {
      // Whoever needs the file next will say what is wrong.
    }
  }

  #compare({ version }: Part): void {
    if (version !== this.#first.version) this.#changed.value = true;
  }
}

async function askFor(name: string, ask: AskRange, start: number, stop: number, signal: AbortSignal): Promise<Part> {
  try {
    return await partOf(await ask(`bytes=${start}-${stop - 1}`, signal), start, stop, name);
  } catch (error) {
    signal.throwIfAborted();
    // What a browser throws where there is no connection, or none any more.
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`The server can't be reached, so ${name} can't be read. Try again once it answers.`);
  }
}
