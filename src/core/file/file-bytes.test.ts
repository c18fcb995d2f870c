import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { ByteReader } from "./byte-reader";
import { FileBytes } from "./file-bytes";

const never = new AbortController().signal;
const CONTENT = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 31 + (at >> 8)) & 255);

/** Answers only when the test tells it to. */
class PatientReader implements ByteReader {
  readonly size = CONTENT.length;
  readonly reads: { start: number; stop: number; signal: AbortSignal; answer: () => void }[] = [];

  read(start: number, stop: number, signal: AbortSignal): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      const answer = () => resolve(CONTENT.slice(start, stop).buffer);
      this.reads.push({ start, stop, signal, answer });
    });
  }

  get ranges(): [number, number][] {
    return this.reads.map(({ start, stop }) => [start, stop]);
  }

  async answerAll(): Promise<void> {
    await turn();
    for (const { answer } of this.reads) answer();
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

let reader: PatientReader;
let file: FileBytes;

beforeEach(() => {
  reader = new PatientReader();
  file = new FileBytes(reader, 1000);
});

describe("FileBytes", () => {
  it("merges nearby ranges that are requested in one turn into one read", async () => {
    const parts = Promise.all([
      file.read(100, 140, never),
      file.read(0, 50, never),
      file.read(200_000, 200_008, never),
    ]);
    await reader.answerAll();
    expect(reader.ranges).toEqual([
      [0, 140],
      [200_000, 200_008],
    ]);
    expect((await parts).map((part) => [...part])).toEqual([
      [...CONTENT.subarray(100, 140)],
      [...CONTENT.subarray(0, 50)],
      [...CONTENT.subarray(200_000, 200_008)],
    ]);
  });

  it("caches what it read, and joins a read that is under way", async () => {
    const first = file.read(0, 100, never);
    await turn();
    const second = file.read(20, 30, never);
    await reader.answerAll();
    expect([...(await second)]).toEqual([...CONTENT.subarray(20, 30)]);
    await first;
    expect([...(await file.read(90, 100, never))]).toEqual([...CONTENT.subarray(90, 100)]);
    expect((await file.read(500, 500, never)).length).toBe(0);
    expect(reader.reads).toHaveLength(1);
  });

  it("aborts a read once no caller waits for it", async () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const answers = [file.read(0, 10, one.signal), file.read(10, 20, two.signal)];
    await turn();
    one.abort(new Error("left"));
    await expect(answers[0]).rejects.toThrow("left");
    expect(reader.reads[0]?.signal.aborted).toBe(false);
    two.abort(new Error("left too"));
    await expect(answers[1]).rejects.toThrow("left too");
    expect(reader.reads[0]?.signal.aborted).toBe(true);
    const again = file.read(0, 10, never);
    await reader.answerAll();
    expect((await again).length).toBe(10);
  });

  it("aborts at once a read for which no caller waits at the end of the turn", async () => {
    const gone = new AbortController();
    const answer = file.read(0, 10, gone.signal);
    gone.abort(new Error("left"));
    await expect(answer).rejects.toThrow("left");
    await turn();
    expect(reader.reads.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it("rejects when bytes are missing, and reads again next time", async () => {
    const short = { size: 100, read: async () => new ArrayBuffer(3) };
    const bytes = new FileBytes(short, 1000);
    await expect(bytes.read(0, 10, never)).rejects.toThrow("3 bytes came");
    await expect(bytes.read(0, 10, never)).rejects.toThrow("3 bytes came");
  });

  it("gives the right bytes and never caches more than its limit, for any sequence of ranges", () => {
    const range = fc.tuple(fc.nat(3000), fc.nat(600)).map(([start, length]) => [start, start + length] as const);
    return fc.assert(
      fc.asyncProperty(fc.array(fc.array(range, { maxLength: 4 }), { maxLength: 8 }), async (turns) => {
        const memory: ByteReader = { size: 4000, read: async (start, stop) => CONTENT.slice(start, stop).buffer };
        const bytes = new FileBytes(memory, 1000);
        for (const ranges of turns) {
          const found = await Promise.all(ranges.map(([start, stop]) => bytes.read(start, stop, never)));
          found.forEach((part, index) => {
            const [start, stop] = ranges[index] as readonly [number, number];
            expect(part).toEqual(CONTENT.slice(start, stop));
          });
          await turn();
          expect(bytes.cachedBytes).toBeLessThanOrEqual(1000);
        }
      }),
      { numRuns: 40 },
    );
  });
});
