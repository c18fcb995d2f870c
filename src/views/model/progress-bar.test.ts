import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import type { LayersProgress } from "../fetch/fetch-overviews";
import { progressBar, progressText } from "./progress-bar";

// @vitest-environment happy-dom

const WORK: LayersProgress = { done: 6, total: 30, elapsed: 3000, isStopped: false };

test.each<[Partial<LayersProgress>, string]>([
  [{}, "6 of 30 layers, about 12 s left"],
  [{ done: 0 }, "0 of 30 layers"],
  [{ done: 29, elapsed: 2900 }, "29 of 30 layers, about 1 s left"],
  [{ elapsed: 60_000 }, "6 of 30 layers, about 4 min left"],
  [{ isStopped: true }, "Stopped at 6 of 30 layers"],
])("the text gives the progress and the time left: %o", (change, text) => {
  expect(progressText({ ...WORK, ...change })).toBe(text);
});

test("short work has no bar; long work has one that stops and resumes it", () => {
  const work = signal<LayersProgress | null>({ ...WORK, elapsed: 100 });
  const calls: string[] = [];
  const root = progressBar(
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
