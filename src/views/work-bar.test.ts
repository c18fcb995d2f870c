// @vitest-environment happy-dom
import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import type { Work } from "./overviews";
import { workBar, workText } from "./work-bar";

const WORK: Work = { done: 6, total: 30, elapsed: 3000, isStopped: false };

test.each<[Partial<Work>, string]>([
  [{}, "6 of 30 layers, about 12 s left"],
  [{ done: 0 }, "0 of 30 layers"],
  [{ done: 29, elapsed: 2900 }, "29 of 30 layers, about 1 s left"],
  [{ elapsed: 60_000 }, "6 of 30 layers, about 4 min left"],
  [{ isStopped: true }, "Stopped at 6 of 30 layers"],
])("the work is told with how long the rest will take: %o", (change, text) => {
  expect(workText({ ...WORK, ...change })).toBe(text);
});

test("short work has no bar, long work one that stops it or goes on", () => {
  const work = signal<Work | null>({ ...WORK, elapsed: 100 });
  const calls: string[] = [];
  const root = workBar(
    { work, stop: () => void calls.push("stop"), resume: () => void calls.push("resume") },
    new AbortController().signal,
  );
  expect(root.hidden).toBe(true);
  work.value = WORK;
  const bar = root.querySelector("progress") as HTMLProgressElement;
  expect([root.hidden, bar.value, bar.max]).toEqual([false, 6, 30]);
  const button = root.querySelector("button") as HTMLButtonElement;
  button.click();
  work.value = { ...WORK, isStopped: true };
  expect(button.textContent).toBe("Go on");
  button.click();
  expect(calls).toEqual(["stop", "resume"]);
  work.value = null;
  expect(root.hidden).toBe(true);
});
