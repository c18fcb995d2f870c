import { describe, expect, it } from "vitest";
import { passTime, stopClock, turn } from "../../../testing/clock";
import { Scheduler } from "./scheduler";

stopClock();

const never = new AbortController().signal;

/** Takes three milliseconds a step and records each step in `done`. */
function* work(name: string, steps: number, done: string[]): Generator<void, string> {
  for (let step = 0; step < steps; step++) {
    passTime(3);
    done.push(name);
    yield;
  }
  return name;
}

describe("Scheduler", () => {
  it("lets a smaller job overtake one that has begun, and yields to the page between steps", async () => {
    const works = new Scheduler();
    const done: string[] = [];
    const far = works.run(work("far", 30, done), 30, never);
    await turn();
    const begun = done.length;
    expect(begun).toBeGreaterThan(0);
    expect(await works.run(work("near", 3, done), 3, never)).toBe("near");
    const passed = done.indexOf("near");
    expect(done.slice(passed, passed + 3)).toEqual(["near", "near", "near"]);
    expect(done.filter((name) => name === "far").length).toBeLessThan(30);
    expect(await far).toBe("far");
    expect(done).toHaveLength(33);
  });

  it("runs jobs of equal size in the order in which they came", async () => {
    const works = new Scheduler();
    const done: string[] = [];
    await Promise.all(["a", "b", "c"].map((name) => works.run(work(name, 2, done), 1, never)));
    expect(done).toEqual(["a", "a", "b", "b", "c", "c"]);
  });

  it("stops an aborted job and continues with the others", async () => {
    const works = new Scheduler();
    const done: string[] = [];
    const left = new AbortController();
    const small = works.run(work("small", 1000, done), 1, left.signal);
    const large = works.run(work("large", 2, done), 2, never);
    await turn();
    left.abort(new Error("left"));
    const begun = done.length;
    await expect(small).rejects.toThrow("left");
    expect(await large).toBe("large");
    await turn();
    expect(done.slice(begun)).toEqual(["large", "large"]);
  });

  it("does not begin a job whose signal has already aborted", async () => {
    const done: string[] = [];
    const gone = new Scheduler().run(work("a", 1, done), 1, AbortSignal.abort(new Error("left")));
    await expect(gone).rejects.toThrow("left");
    expect(done).toEqual([]);
  });

  it("passes an error on and continues with the others", async () => {
    const works = new Scheduler();
    const broken = (function* (): Generator<void> {
      yield;
      throw new Error("broken");
    })();
    const done: string[] = [];
    const [one, other] = await Promise.allSettled([
      works.run(broken, 1, never),
      works.run(work("b", 1, done), 2, never),
    ]);
    expect(one).toMatchObject({ status: "rejected", reason: new Error("broken") });
    expect(other).toEqual({ status: "fulfilled", value: "b" });
  });
});
