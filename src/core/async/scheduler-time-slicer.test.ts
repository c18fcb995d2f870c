import { describe, expect, it } from "vitest";
import { passTime, stopClock, turn } from "../../../testing/clock";
import { TimeSlicer } from "./scheduler";

stopClock();

const never = new AbortController().signal;

/** Takes two milliseconds a step. */
function* work(steps: number, done: number[] = []): Generator<void, string> {
  for (let step = 0; step < steps; step++) {
    passTime(2);
    done.push(step);
    yield;
  }
  return "done";
}

const paced = <T>(steps: Generator<void, T>, signal: AbortSignal) => new TimeSlicer().run(steps, signal);

describe("TimeSlicer", () => {
  it("yields to the page during long work", async () => {
    const done: number[] = [];
    const working = paced(work(40, done), never);
    await turn();
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(40);
    expect(await working).toBe("done");
    expect(done).toHaveLength(40);
  });

  it("yields to the page between many short pieces of work", async () => {
    const done: number[] = [];
    const pace = new TimeSlicer();
    const working = (async () => {
      for (let piece = 0; piece < 40; piece++) await pace.run(work(1, done), never);
    })();
    await turn();
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(40);
    await working;
    expect(done).toHaveLength(40);
  });

  it("stops once its signal aborts", async () => {
    const left = new AbortController();
    const done: number[] = [];
    const working = paced(work(40, done), left.signal);
    await turn();
    left.abort(new Error("left"));
    const { length } = done;
    await expect(working).rejects.toThrow("left");
    for (let wait = 0; wait < 40; wait++) await turn();
    expect(done).toHaveLength(length);
    expect(length).toBeLessThan(40);
  });

  it("does not begin work whose signal has already aborted", async () => {
    const done: number[] = [];
    await expect(paced(work(3, done), AbortSignal.abort(new Error("left")))).rejects.toThrow("left");
    expect(done).toEqual([]);
  });

  it("passes an error on", async () => {
    const broken = (function* (): Generator<void> {
      yield;
      throw new Error("broken");
    })();
    await expect(paced(broken, never)).rejects.toThrow("broken");
  });
});
