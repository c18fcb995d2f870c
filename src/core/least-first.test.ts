import { describe, expect, it } from "vitest";
import { LeastFirst } from "./least-first";

const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setTimeout(resolve));

/** Work of some milliseconds a step, which writes down each. */
function* work(name: string, steps: number, done: string[]): Generator<void, string> {
  for (let step = 0; step < steps; step++) {
    const until = Date.now() + 3;
    while (Date.now() < until);
    done.push(name);
    yield;
  }
  return name;
}

describe("LeastFirst", () => {
  it("lets a smaller work pass one that has begun, and gives way to the page between", async () => {
    const works = new LeastFirst();
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

  it("runs works of one size in the order in which they came", async () => {
    const works = new LeastFirst();
    const done: string[] = [];
    await Promise.all(["a", "b", "c"].map((name) => works.run(work(name, 2, done), 1, never)));
    expect(done).toEqual(["a", "a", "b", "b", "c", "c"]);
  });

  it("goes no further with what nobody waits for, and goes on with the rest", async () => {
    const works = new LeastFirst();
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

  it("does nothing for one who has gone already", async () => {
    const done: string[] = [];
    const gone = new LeastFirst().run(work("a", 1, done), 1, AbortSignal.abort(new Error("left")));
    await expect(gone).rejects.toThrow("left");
    expect(done).toEqual([]);
  });

  it("passes on what goes wrong, and goes on", async () => {
    const works = new LeastFirst();
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
