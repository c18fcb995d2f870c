import { signal } from "@preact/signals-core";
import { expect, test, vi } from "vitest";
import { childOf, effectUntil } from "./until";

test("an effect ends with its signal, and never starts after it", () => {
  const owner = new AbortController();
  const value = signal(0);
  const seen: number[] = [];
  effectUntil(owner.signal, () => void seen.push(value.value));
  value.value = 1;
  owner.abort();
  value.value = 2;
  effectUntil(owner.signal, () => void seen.push(value.value));
  expect(seen).toEqual([0, 1]);
});

test("a child ends with its owner, and removes its listener if it ends first", () => {
  const owner = new AbortController();
  const [first, second] = [childOf(owner.signal), childOf(owner.signal)];
  const abort = vi.spyOn(first, "abort");
  first.abort();
  owner.abort(new Error("over"));
  expect(abort).toHaveBeenCalledTimes(1);
  expect(second.signal.reason).toEqual(new Error("over"));
  expect(childOf(owner.signal).signal.aborted).toBe(true);
});
