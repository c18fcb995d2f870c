import { signal } from "@preact/signals-core";
import { expect, test, vi } from "vitest";
import { headWeights, MemorySource } from "../../../testing/view";
import { type GridShape, watchOverviews } from "./fetch-overviews";

const HEAD = headWeights(1, 1, () => 1);

const shape = (...layers: number[]): GridShape => ({
  map: "self",
  rows: layers.map((layer) => ({ layer, heads: [0, 1] })),
});

function watch(
  source: MemorySource,
  first: GridShape,
  nextOf = (rows: readonly number[]) => rows[0] as number,
  isLong = false,
) {
  const owner = new AbortController();
  const wanted = signal<GridShape | null>(first);
  return { ...watchOverviews(source, wanted, nextOf, () => isLong, owner.signal), wanted, owner };
}

test("a grid in memory is ready in the same turn", () => {
  const source = new MemorySource();
  for (const layer of [0, 1]) source.hold("overview", "self", layer, [HEAD, HEAD]);
  const { overviews, progress } = watch(source, shape(0, 1));
  expect(progress.value.state).toBe("ready");
  expect(overviews.value.rows).toEqual([
    [HEAD, HEAD],
    [HEAD, HEAD],
  ]);
  expect(source.requests).toEqual([]);
});

test("missing layers are requested one at a time, visible ones first", async () => {
  const source = new MemorySource();
  source.hold("overview", "self", 1, [HEAD, HEAD]);
  const { overviews, progress } = watch(source, shape(0, 1, 2, 5), (rows) => rows.at(-1) as number);
  const asked: number[] = [];
  for (const layer of [5, 2, 0]) {
    await vi.waitFor(() => expect(source.last.layer).toBe(layer));
    expect(progress.value.state).toBe("pending");
    asked.push(source.requests.length);
    source.last.resolve([HEAD, HEAD]);
  }
  await vi.waitFor(() => expect(progress.value.state).toBe("ready"));
  expect(asked).toEqual([1, 2, 3]);
  expect(overviews.value.rows.every((row) => row?.length === 2)).toBe(true);
});

test("an error keeps the layers that came, and a retry requests the others", async () => {
  const source = new MemorySource();
  const { overviews, progress } = watch(source, shape(0, 1));
  source.last.resolve([HEAD, HEAD]);
  source.hold("overview", "self", 0, [HEAD, HEAD]);
  await vi.waitFor(() => expect(source.last.layer).toBe(1));
  source.last.reject(new Error("No."));
  await vi.waitFor(() => expect(progress.value.state).toBe("error"));
  expect(overviews.value.rows.map((row) => row?.length)).toEqual([2, undefined]);
  (progress.value as { retry: () => void }).retry();
  expect(source.last.layer).toBe(1);
  expect(source.requests).toHaveLength(3);
});

test("another grid aborts the requests of the last one", async () => {
  const source = new MemorySource();
  const { overviews, progress, wanted } = watch(source, shape(0));
  const old = source.last;
  wanted.value = shape(1);
  expect(old.signal.aborted).toBe(true);
  source.last.resolve([HEAD, HEAD]);
  await vi.waitFor(() => expect(progress.value.state).toBe("ready"));
  expect(overviews.value.shape).toEqual(shape(1));
});

test("for a long map the first layer is enough; progress on the others is shown, and can be stopped and resumed", async () => {
  const source = new MemorySource();
  const { overviews, progress, work, stop, resume } = watch(source, shape(0, 1, 2), undefined, true);
  expect([progress.value.state, work.value?.done, work.value?.total]).toEqual(["pending", 0, 3]);
  source.hold("overview", "self", 0, [HEAD, HEAD]);
  source.last.resolve([HEAD, HEAD]);
  await vi.waitFor(() => expect(source.last.layer).toBe(1));
  expect([progress.value.state, work.value?.done]).toEqual(["ready", 1]);
  const { signal: second } = source.last;
  stop();
  expect([second.aborted, work.value?.isStopped, work.value?.done]).toEqual([true, true, 1]);
  resume();
  expect([source.last.layer, work.value?.isStopped, work.value?.total]).toEqual([1, false, 2]);
  source.last.resolve([HEAD, HEAD]);
  await vi.waitFor(() => expect(source.last.layer).toBe(2));
  source.last.resolve([HEAD, HEAD]);
  await vi.waitFor(() => expect(work.value).toBeNull());
  expect(overviews.value.rows.every(Boolean)).toBe(true);
});
