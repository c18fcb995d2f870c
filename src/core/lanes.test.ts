import { describe, expect, it } from "vitest";
import { Lanes, SUPERSEDED } from "./lanes";

const never = new AbortController().signal;

/** Waits until it is let go on, or its signal aborts. */
function waiting() {
  let finish: () => void = () => {};
  const run = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      finish = () => resolve("done");
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  return { run, finish: () => finish() };
}

describe("Lanes", () => {
  it("end a request of a lane when a newer one comes, and no other", async () => {
    const lanes = new Lanes();
    const [old, other, newer] = [waiting(), waiting(), waiting()];
    const first = lanes.newest("a", never, old.run);
    const beside = lanes.newest("b", never, other.run);
    const second = lanes.newest("a", never, newer.run);
    await expect(first).rejects.toThrow(SUPERSEDED);
    other.finish();
    newer.finish();
    expect(await Promise.all([beside, second])).toEqual(["done", "done"]);
  });

  it("end a request with the reason of its own signal", async () => {
    const left = new AbortController();
    const answer = new Lanes().newest("a", left.signal, waiting().run);
    left.abort(new Error("left"));
    await expect(answer).rejects.toThrow("left");
  });

  it("do not run what nobody waits for, nor end another for it", async () => {
    const lanes = new Lanes();
    const under = waiting();
    const answer = lanes.newest("a", never, under.run);
    let isRun = false;
    const gone = lanes.newest("a", AbortSignal.abort(new Error("left")), async () => {
      isRun = true;
    });
    await expect(gone).rejects.toThrow("left");
    under.finish();
    expect([await answer, isRun]).toEqual(["done", false]);
  });

  it("leave the newer request alone when the older one ends late", async () => {
    const lanes = new Lanes();
    const stubborn = waiting();
    const old = lanes.newest("a", never, () => stubborn.run(never));
    const newer = waiting();
    const second = lanes.newest("a", never, newer.run);
    stubborn.finish();
    await expect(old).rejects.toThrow(SUPERSEDED);
    const third = lanes.newest("a", never, async () => "third");
    await expect(second).rejects.toThrow(SUPERSEDED);
    expect(await third).toBe("third");
  });
});
