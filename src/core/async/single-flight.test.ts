import { expect, it } from "vitest";
import { SingleFlight } from "./single-flight";

interface Begun {
  readonly signal: AbortSignal;
  readonly resolve: (value: number) => void;
  readonly reject: (error: Error) => void;
}

function start() {
  const begun: Begun[] = [];
  const work = new SingleFlight<number>();
  const begin = (signal: AbortSignal) =>
    new Promise<number>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      begun.push({ signal, resolve, reject });
    });
  const join = (name: string, end = new AbortController()) => ({ answer: work.join(name, begin, end.signal), end });
  return { begun, join };
}

it("runs the work once for all callers that wait, and again for later ones", async () => {
  const { begun, join } = start();
  const [one, two, other] = [join("a"), join("a"), join("b")];
  expect(begun).toHaveLength(2);
  begun[0]?.resolve(1);
  begun[1]?.resolve(2);
  expect(await Promise.all([one.answer, two.answer, other.answer])).toEqual([1, 1, 2]);
  join("a");
  expect(begun).toHaveLength(3);
});

it("keeps running while one caller waits, and aborts with the last", async () => {
  const { begun, join } = start();
  const [one, two] = [join("a"), join("a")];
  one.end.abort();
  await expect(one.answer).rejects.toThrow("abort");
  expect(begun[0]?.signal.aborted).toBe(false);
  two.end.abort();
  await expect(two.answer).rejects.toThrow("abort");
  expect(begun[0]?.signal.aborted).toBe(true);
  join("a");
  expect(begun).toHaveLength(2);
});

it("rejects for every caller that waits, and can then be started again", async () => {
  const { begun, join } = start();
  const [one, two] = [join("a"), join("a")];
  begun[0]?.reject(new Error("No."));
  await expect(one.answer).rejects.toThrow("No.");
  await expect(two.answer).rejects.toThrow("No.");
  join("a");
  expect(begun).toHaveLength(2);
});
