import { describe, expect, it } from "vitest";
import { SUPERSEDED, TakeLatest } from "./take-latest";

const never = new AbortController().signal;

/** Waits until `finish` is called or its signal aborts. */
function waiting() {
  let finish: () => void = () => {};
  const run = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      finish = () => resolve("done");
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  return { run, finish: () => finish() };
}

describe("TakeLatest", () => {
  it("ends a request when a newer one comes in the same lane, and no other", async () => {
    const lanes = new TakeLatest();
    const [old, other, newer] = [waiting(), waiting(), waiting()];
    const first = lanes.run("a", never, old.run);
    const beside = lanes.run("b", never, other.run);
    const second = lanes.run("a", never, newer.run);
    await expect(first).rejects.toThrow(SUPERSEDED);
    other.finish();
    newer.finish();
    expect(await Promise.all([beside, second])).toEqual(["done", "done"]);
  });

  it("ends a request with the reason of its own signal", async () => {
    const left = new AbortController();
    const answer = new TakeLatest().run("a", left.signal, waiting().run);
    left.abort(new Error("left"));
    await expect(answer).rejects.toThrow("left");
  });

  it("does not run an aborted request, and ends no other for it", async () => {
    const lanes = new TakeLatest();
    const under = waiting();
    const answer = lanes.run("a", never, under.run);
    let isRun = false;
    const gone = lanes.run("a", AbortSignal.abort(new Error("left")), async () => {
      isRun = true;
    });
    await expect(gone).rejects.toThrow("left");
    under.finish();
    expect([await answer, isRun]).toEqual(["done", false]);
  });

  it("leaves the newer request alone when the older one ends late", async () => {
    const lanes = new TakeLatest();
    const stubborn = waiting();
    const old = lanes.run("a", never, () => stubborn.run(never));
    const newer = waiting();
    const second = lanes.run("a", never, newer.run);
    stubborn.finish();
    await expect(old).rejects.toThrow(SUPERSEDED);
    const third = lanes.run("a", never, async () => "third");
    await expect(second).rejects.toThrow(SUPERSEDED);
    expect(await third).toBe("third");
  });
});
