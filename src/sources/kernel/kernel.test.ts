import type { AnyModel } from "@anywidget/types";
import { beforeEach, describe, expect, it } from "vitest";
import { encoded, head, MemoryModel } from "../../../testing/kernel";
import { frameOf, PLAIN_RULE } from "../../../testing/vectors";
import type { BlockRequest, StoreTraits } from "../../contract.gen";
import { weightAt } from "../../core/weights/head-weights";
import { KernelSource } from "./kernel";

const [ONE, HALF] = [0x3c00, 0x3800];
const never = new AbortController().signal;
const request = (layer: number, heads: number[]): BlockRequest => ({ kind: "block", map: "self", layer, heads });

let model: MemoryModel;
let source: KernelSource;
let ended: AbortController;

beforeEach(() => {
  model = new MemoryModel();
  ended = new AbortController();
  source = new KernelSource(model as unknown as AnyModel<StoreTraits>, ended.signal);
});

const lastId = () => model.sent.at(-1)?.id;
const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("KernelSource", () => {
  it("has the contents of the block traitlet without a request, and again after a change", () => {
    model.set("block", head(0, 1, HALF));
    expect(source.peek("block", "self", 0, 0)).toBeUndefined();
    expect(weightAt(source.peek("block", "self", 0, 1) as never, 1, 1)).toBe(0.5);
    model.set("block", head(2, 1, ONE));
    expect(weightAt(source.peek("block", "self", 2, 1) as never, 0, 0)).toBe(1);
    expect(model.sent).toEqual([]);
  });

  it("asks the kernel if a traitlet cannot be read", async () => {
    model.set("block", new DataView(new TextEncoder().encode("no block at all").buffer));
    expect(source.peek("block", "self", 0, 0)).toBeUndefined();
    const answer = source.fetch(request(0, [0]), never);
    model.answer({ type: "blocks", id: lastId(), done: true }, head(0, 0, ONE));
    expect(await answer).toHaveLength(1);
  });

  it("requests only missing heads, and answers in the order of the request", async () => {
    model.set("block", head(0, 1, HALF));
    const answer = source.fetch(request(0, [0, 1]), never);
    expect(model.sent[0]).toMatchObject({ type: "request", request: { layer: 0, heads: [0] } });
    model.answer({ type: "blocks", id: lastId(), done: false }, head(0, 0, ONE));
    model.answer({ type: "blocks", id: lastId(), done: true });
    expect((await answer).map((weights) => weightAt(weights, 0, 0))).toEqual([1, 0.5]);
    expect(source.peek("block", "self", 0, 0)).toBeDefined();
  });

  it("uses the weights of a small map as its overview", async () => {
    model.set("block", head(0, 1, HALF));
    expect(source.peek("overview", "self", 0, 1)).toBe(source.peek("block", "self", 0, 1));
    const answer = source.fetch({ ...request(1, [0]), kind: "overview" }, never);
    model.answer({ type: "blocks", id: lastId(), done: true }, head(1, 0, ONE));
    expect(await answer).toHaveLength(1);
    expect(source.peek("block", "self", 1, 0)).toBeDefined();
  });

  it("assembles a head that comes in several messages", async () => {
    const answer = source.fetch(request(1, [0]), never);
    model.answer({ type: "blocks", id: lastId(), done: false }, head(1, 0, ONE, [0, 1]));
    model.answer({ type: "blocks", id: lastId(), done: false }, head(1, 0, HALF, [1, 2]));
    model.answer({ type: "blocks", id: lastId(), done: true });
    const [weights] = await answer;
    expect([weightAt(weights as never, 0, 1), weightAt(weights as never, 1, 0)]).toEqual([1, 0.5]);
  });

  it("has one request under way at a time, and serves views before prefetching", async () => {
    const first = source.prefetch(request(0, [0]), never);
    const patient = source.prefetch(request(1, [0]), never);
    const urgent = source.fetch(request(2, [0]), never);
    expect(model.sent).toHaveLength(1);
    for (const layer of [0, 2, 1]) {
      expect(model.sent.at(-1)?.request.layer).toBe(layer);
      model.answer({ type: "blocks", id: lastId(), done: true }, head(layer, 0, ONE));
      await turn();
    }
    await Promise.all([first, patient, urgent]);
  });

  it("does not send a request that was aborted while it waited", async () => {
    const first = source.fetch(request(0, [0]), never);
    const moved = new AbortController();
    const second = source.fetch(request(1, [0]), moved.signal);
    moved.abort(new Error("moved on"));
    await expect(second).rejects.toThrow("moved on");
    model.answer({ type: "blocks", id: lastId(), done: true }, head(0, 0, ONE));
    await first;
    await turn();
    expect(model.sent).toHaveLength(1);
  });

  it("passes the kernel's error on, and ignores answers to other pages", async () => {
    const answer = source.fetch(request(0, [0]), never);
    model.answer({ type: "error", id: "another page's", message: "not this one" });
    model.answer({ type: "error", id: lastId(), message: "ValueError: layer 0 went away" });
    await expect(answer).rejects.toThrow("ValueError: layer 0 went away");
    expect(source.status.value).toBe("live");
  });

  it.each([
    ["bytes that are no block", () => new DataView(new ArrayBuffer(12)), /./],
    ["nothing", () => new DataView(new ArrayBuffer(0)), /lacks head 0 of layer 0/],
    [
      "weights of a map that the capture does not have",
      () =>
        encoded(
          { kind: "block", map: "cross", layer: 0, heads: [0], queries: [0, 1], keys: [0, 1], shape: [1, 1, 1] },
          [ONE],
        ),
      /"cross"/,
    ],
  ])("rejects when the answer holds %s", async (_, buffer, message) => {
    const answer = source.fetch(request(0, [0]), never);
    model.answer({ type: "blocks", id: lastId(), done: true }, buffer());
    await expect(answer).rejects.toThrow(message);
  });

  it("requests vectors once, joins and caches them", async () => {
    const wanted = { map: "self", layer: 1, head: 1, queries: [0, 2] };
    const place = { map: "self", layer: 1, head: 1 };
    const answer = source.vectors(wanted, never);
    expect(model.sent).toMatchObject([{ type: "vectors", request: wanted }]);
    const buffer = (bytes: Uint8Array) => new DataView(bytes.buffer);
    const queries = frameOf({ ...place, kind: "queries", rows: [0, 2], rule: PLAIN_RULE }, Float32Array.of(1, 2));
    const keys = frameOf({ ...place, head: 0, kind: "keys", rows: [0, 2] }, Float32Array.of(3, 4));
    model.answer({ type: "blocks", id: lastId(), done: false }, buffer(queries));
    model.answer({ type: "blocks", id: lastId(), done: true }, buffer(keys));
    const vectors = await answer;
    expect([[...vectors.queries], [...vectors.keys], vectors.rule]).toEqual([[1, 2], [3, 4], PLAIN_RULE]);
    expect(await source.vectors(wanted, never)).toBe(vectors);
    expect(model.sent).toHaveLength(1);
  });

  it("rejects if an answer lacks part of the vectors, and requests them again next time", async () => {
    const wanted = { map: "self", layer: 1, head: 1, queries: [0, 2] };
    const answer = source.vectors(wanted, never);
    model.answer({ type: "blocks", id: lastId(), done: true });
    await expect(answer).rejects.toThrow("lacks the queries of layer 1, head 1");
    await turn();
    const again = source.vectors(wanted, never);
    expect(model.sent).toHaveLength(2);
    model.answer({ type: "error", id: lastId(), message: "ValueError: no queries and keys" });
    await expect(again).rejects.toThrow("no queries and keys");
  });

  it("rejects all pending requests once the Store is closed", async () => {
    const answer = source.fetch(request(0, [0]), never);
    ended.abort();
    await expect(answer).rejects.toThrow("closed");
  });
});
