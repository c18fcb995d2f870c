import { signal } from "@preact/signals-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { headWeights, MemorySource } from "../../../testing/view";
import type { BlockRequest } from "../../contract.gen";
import { watchHeads } from "./fetch-heads";

const [A, B, C] = [0.1, 0.2, 0.3].map((weight) => headWeights(1, 1, () => weight)) as [never, never, never];

const request = (layer: number, heads = [0, 1]): BlockRequest => ({ kind: "block", map: "self", layer, heads });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function watch(source: MemorySource, first: BlockRequest | null = request(0)) {
  const owner = new AbortController();
  const wanted = signal<BlockRequest | null>(first);
  return { ...watchHeads(source, wanted, owner.signal), wanted, owner };
}

test("what is in memory is there at once", () => {
  const source = new MemorySource();
  source.hold("block", "self", 0, [A, B]);
  const { answer, progress } = watch(source);
  expect(progress.value.state).toBe("ready");
  expect(answer.value).toEqual({ ...request(0), weights: [A, B] });
  expect(source.requests).toEqual([]);
});

test("only missing heads are requested, and each takes its place in the answer", async () => {
  const source = new MemorySource();
  source.hold("block", "self", 0, [A, B]);
  const { answer, progress } = watch(source, request(0, [0, 2, 1]));
  expect(source.last.heads).toEqual([2]);
  expect(progress.value).toEqual({ state: "pending", slow: false });
  source.last.resolve([C]);
  await vi.waitFor(() => expect(progress.value.state).toBe("ready"));
  expect(answer.value?.weights).toEqual([A, C, B]);
});

test("the last answer stays while the next is awaited, and after half a second the view says that it waits", () => {
  const source = new MemorySource();
  source.hold("block", "self", 0, [A, B]);
  const { answer, progress, wanted } = watch(source);
  wanted.value = request(1);
  expect(answer.value?.layer).toBe(0);
  vi.advanceTimersByTime(499);
  expect(progress.value).toEqual({ state: "pending", slow: false });
  vi.advanceTimersByTime(1);
  expect(progress.value).toEqual({ state: "pending", slow: true });
});

test("an outdated request is aborted, and its answer ignored", async () => {
  const source = new MemorySource();
  const { answer, progress, wanted } = watch(source);
  const old = source.last;
  wanted.value = request(1);
  expect(old.signal.aborted).toBe(true);
  old.resolve([A, B]);
  source.last.resolve([B, C]);
  await vi.waitFor(() => expect(progress.value.state).toBe("ready"));
  expect(answer.value).toEqual({ ...request(1), weights: [B, C] });
});

test("an equal request is not repeated", () => {
  const source = new MemorySource();
  const { wanted } = watch(source);
  wanted.value = request(0);
  expect(source.requests).toHaveLength(1);
  expect(source.last.signal.aborted).toBe(false);
});

test("an error is shown in its own words, and the request can be retried", async () => {
  const source = new MemorySource();
  const { progress, wanted } = watch(source);
  source.last.reject(new Error("Layer 0 is gone. Run the cell again."));
  await vi.waitFor(() => expect(progress.value.state).toBe("error"));
  const failed = progress.value as { message: string; retry: () => void };
  expect(failed.message).toBe("Layer 0 is gone. Run the cell again.");
  vi.advanceTimersByTime(1000);
  expect(progress.value.state).toBe("error");
  failed.retry();
  expect(source.requests).toHaveLength(2);
  source.last.resolve([A, B]);
  await vi.waitFor(() => expect(progress.value.state).toBe("ready"));
  expect(wanted.value).toEqual(request(0));
});

test("everything ends with the owner", async () => {
  const source = new MemorySource();
  const { progress, owner, wanted } = watch(source);
  owner.abort();
  expect(source.last.signal.aborted).toBe(true);
  wanted.value = request(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(source.requests).toHaveLength(1);
  expect(progress.value).toEqual({ state: "pending", slow: false });
});
