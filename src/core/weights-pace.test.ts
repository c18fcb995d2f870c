import { describe, expect, it } from "vitest";
import { Pace } from "./weights-pace";

const never = new AbortController().signal;

/** Work of a millisecond or more a step. */
function* work(steps: number, done: number[] = []): Generator<void, string> {
  for (let step = 0; step < steps; step++) {
    const until = Date.now() + 2;
    while (Date.now() < until);
    done.push(step);
    yield;
  }
  return "done";
}

const paced = <T>(steps: Generator<void, T>, signal: AbortSignal) => new Pace().run(steps, signal);

describe("Pace", () => {
  it("gives way to the page while it works", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    expect(await paced(work(40), never)).toBe("done");
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it("gives way between many short pieces of work as well", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const pace = new Pace();
    for (let piece = 0; piece < 40; piece++) await pace.run(work(1), never);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it("stops once nobody waits", async () => {
    const left = new AbortController();
    const done: number[] = [];
    setTimeout(() => left.abort(new Error("left")), 1);
    await expect(paced(work(1000, done), left.signal)).rejects.toThrow("left");
    const { length } = done;
    expect(length).toBeLessThan(1000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(done).toHaveLength(length);
  });

  it("does nothing for one who has gone already", async () => {
    const done: number[] = [];
    await expect(paced(work(3, done), AbortSignal.abort(new Error("left")))).rejects.toThrow("left");
    expect(done).toEqual([]);
  });

  it("passes on what goes wrong", async () => {
    const broken = (function* (): Generator<void> {
      yield;
      throw new Error("broken");
    })();
    await expect(paced(broken, never)).rejects.toThrow("broken");
  });
});
