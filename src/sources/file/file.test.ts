import { beforeAll, describe, expect, it } from "vitest";
import { CountingReader, causalLayer, fileOf, mapOf, metadataOf } from "../../../testing/attention-file";
import { jumpClock, turn } from "../../../testing/clock";
import { framed } from "../../../testing/safetensors";
import type { BlockRequest } from "../../contract.gen";
import type { ByteReader } from "../../core/file/byte-reader";
import { weightAt } from "../../core/weights/head-weights";
import { type AttentionFile, openFile } from "./open-file";

const never = new AbortController().signal;
const [HEADS, LENGTH, LAYERS] = [4, 200, 6];
const all = (count: number) => [...Array(count).keys()];
const block = (layer: number, heads = all(HEADS)): BlockRequest => ({ kind: "block", map: "self", layer, heads });
const overview = (layer: number): BlockRequest => ({ ...block(layer), kind: "overview" });

let bytes: Uint8Array;
beforeAll(() => {
  const layers = all(LAYERS).map((layer) => causalLayer(layer, HEADS, LENGTH, 16));
  bytes = fileOf(layers, HEADS, LENGTH);
});

const open = async (): Promise<[AttentionFile, CountingReader]> => {
  const reader = new CountingReader(bytes);
  return [await openFile(reader, never), reader];
};

describe("openFile", () => {
  it("reads only the header, and describes what the file holds", async () => {
    const [file, reader] = await open();
    expect(file).toMatchObject({ name: "Tiny", headscope: "0.1.0", version: 1 });
    expect(file.maps).toHaveLength(1);
    expect(file.maps[0]).toMatchObject({ name: "self", num_layers: LAYERS, num_heads: Array(LAYERS).fill(HEADS) });
    expect(Object.keys(file.maps[0] as object)).not.toContain("records");
    expect(reader.reads).toEqual([[0, 128 * 1024]]);
  });

  it("rejects with the reason of a signal that has already aborted", async () => {
    const reader = new CountingReader(bytes);
    const left = new AbortController();
    const opening = openFile(reader, left.signal);
    left.abort(new Error("left"));
    await expect(opening).rejects.toThrow("left");
  });
});

describe("FileSource", () => {
  it("reads the overviews of a small file at once, and no layer for them", async () => {
    const [file, reader] = await open();
    const source = file.source();
    const [first] = await source.fetch(overview(2), never);
    expect(first).toMatchObject({ numQueries: 64, numKeys: 64 });
    expect(weightAt(first as never, 3, 5)).toBeCloseTo(0.5 + 2 * 2 ** -11);
    for (const layer of all(LAYERS)) {
      expect(source.peek("overview", "self", layer, HEADS - 1)).toBeDefined();
      await source.fetch(overview(layer), never);
    }
    expect(reader.reads).toHaveLength(2);
    expect(reader.reads[1]).toEqual(overviewRange());
  });

  const overviewRange = () => {
    const header = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    return [header, header + LAYERS * HEADS * 64 * 64 * 2];
  };

  it("loads a layer with one read, for all its heads", async () => {
    const [file, reader] = await open();
    const source = file.source();
    await source.fetch(block(3, [1]), never);
    await source.fetch(block(3, [0, 2, 3]), never);
    await source.vectors({ map: "self", layer: 3, head: 2, queries: [0, LENGTH] }, never);
    expect(reader.reads).toHaveLength(2);
    const [start = 0, stop = 0] = reader.reads[1] ?? [];
    // Queries, half as many keys, and for each query the interval that it sees.
    const size = HEADS * LENGTH * 16 * 4 * 1.5 + 2 * 4 * LENGTH;
    expect(stop - start).toBe(size);
  });

  it("keeps the finished heads of an aborted layer, and computes no more of it", async () => {
    const long = fileOf([causalLayer(0, 8, 700, 32)], 8, 700);
    const source = (await openFile(new CountingReader(long), never)).source();
    const left = new AbortController();
    const answer = source.fetch({ ...block(0), heads: all(8) }, left.signal);
    const heads = () => all(8).map((head) => source.peek("block", "self", 0, head));
    jumpClock();
    let turns = 0;
    for (; !heads()[0]; turns++) await turn();
    left.abort(new Error("moved on"));
    await expect(answer).rejects.toThrow("moved on");
    for (let wait = 0; wait < 2 * 8 * turns; wait++) await turn();
    const kept = heads();
    expect(kept[0]).toBeDefined();
    expect(kept[7]).toBeUndefined();
    expect((await source.fetch({ ...block(0), heads: [0, 7] }, never))[0]).toBe(kept[0]);
  });

  it("never exceeds its limits, and still answers", async () => {
    const [file] = await open();
    const head = 2 * LENGTH * LENGTH;
    const source = file.source({ weights: 2 * head, vectors: 0, tensors: 0 });
    expect(await source.fetch(block(0), never)).toHaveLength(HEADS);
    const kept = all(HEADS).filter((one) => source.peek("block", "self", 0, one));
    expect(kept).toEqual([2, 3]);
    const request = { map: "self", layer: 1, head: 0, queries: [0, 4] };
    expect(await source.vectors(request, never)).not.toBe(await source.vectors(request, never));
  });

  it("reads again after a read failed", async () => {
    const [file, reader] = await open();
    let fails = true;
    const flaky: ByteReader = {
      size: reader.size,
      read: async (...args) => {
        if (fails && args[0] > 0) throw new Error("The server answered 503 Service Unavailable.");
        return reader.read(...args);
      },
    };
    const source = (await openFile(flaky, never)).source();
    await expect(source.fetch(block(0), never)).rejects.toThrow("503");
    await expect(source.fetch(overview(0), never)).rejects.toThrow("503");
    fails = false;
    const [head] = await source.fetch(block(0), never);
    expect(head?.codes).toEqual((await file.source().fetch(block(0), never))[0]?.codes);
  });

  it("returns vectors for some queries alone, and refuses queries out of range", async () => {
    const [file] = await open();
    const source = file.source();
    const vectors = await source.vectors({ map: "self", layer: 0, head: 3, queries: [190, 200] }, never);
    expect(vectors.rule).toEqual({
      ...{ scaling: 3, softcap: null, sink: null, num_heads: 4, num_kv_heads: 2, kv_head: 1, rotary: false },
    });
    expect([vectors.queries.length, vectors.keys.length, vectors.weights?.length]).toEqual([160, 3200, 2000]);
    expect(vectors.bias).toBeNull();
    expect(vectors.hidden?.indexOf(1)).toBe(191);
    for (const queries of [[-1, 3], [4, 3], [0, 201], []]) {
      const wrong = source.vectors({ map: "self", layer: 0, head: 0, queries }, never);
      await expect(wrong).rejects.toThrow("out of range");
    }
  });
});

describe("a file of a gigabyte", () => {
  const [heads, headDim] = [12, 64];

  /** The header of a real file, followed by data that is made up as it is read. */
  function hugeFile(length = 1024): CountingReader {
    const perLayer = 4 * length * headDim * heads * 2;
    const layers = Math.ceil(1e9 / perLayer);
    const tensors: [string, unknown][] = [];
    let at = 0;
    const add = (name: string, dtype: string, shape: number[], size: number) => {
      tensors.push([name, { dtype, shape, data_offsets: [at, at + size] }]);
      at += size;
    };
    for (const layer of all(layers)) add(`${layer}.overview`, "U8", [heads, 64, 64], heads * 64 * 64);
    for (const layer of all(layers)) {
      add(`${layer}.queries`, "F32", [heads, length, headDim], perLayer / 2);
      add(`${layer}.keys`, "F32", [heads, length, headDim], perLayer / 2);
    }
    const records = all(layers).map((layer) => ({
      ...{ kind: "vectors", num_heads: heads, num_kv_heads: heads, head_dim: headDim, scaling: 0.125, softcap: null },
      ...{ queries: `${layer}.queries`, keys: `${layer}.keys`, overview: `${layer}.overview` },
      ...{ sinks: null, visible: null, biases: [], module: "attention", rotary: true },
    }));
    const map = {
      ...mapOf(
        records.map((record) => ({ record, tensors: {} })),
        heads,
        length,
      ),
    };
    const header = framed(JSON.stringify({ __metadata__: metadataOf([map]), ...Object.fromEntries(tensors) }), 0);
    return new CountingReader(header, header.length + at);
  }

  it("shows its first picture from under 20 MB", async () => {
    const reader = hugeFile();
    expect(reader.size).toBeGreaterThan(1e9);
    const file = await openFile(reader, never);
    const source = file.source();
    await Promise.all([
      source.fetch({ ...overview(0), heads: all(heads) }, never),
      source.fetch({ ...block(0), heads: all(heads) }, never),
    ]);
    expect(reader.total).toBeLessThan(20e6);
    expect(reader.reads.length).toBeLessThan(6);
  });

  it("reads all its overviews in a few requests, and with a layer still less than 20 MB", async () => {
    const reader = hugeFile();
    const source = (await openFile(reader, never)).source();
    const before = reader.reads.length;
    const layers = all((await openFile(reader, never)).maps[0]?.num_layers ?? 0);
    for (const layer of layers) await source.fetch({ ...overview(layer), heads: all(heads) }, never);
    expect(reader.reads.length - before).toBeLessThan(15);
    await source.fetch({ ...block(0), heads: all(heads) }, never);
    expect(reader.total).toBeLessThan(20e6);
  });

  it("says how many heads can be shown if all of them are too many", async () => {
    const source = (await openFile(hugeFile(8192), never)).source();
    const wanted = { ...block(0), heads: all(heads) };
    await expect(source.fetch(wanted, never)).rejects.toThrow("12 heads of 8192 x 8192 weights are too large");
    await expect(source.fetch(wanted, never)).rejects.toThrow("choose at most 8 of them.");
    const longer = (await openFile(hugeFile(16384), never)).source();
    await expect(longer.fetch({ ...wanted, heads: [0] }, never)).rejects.toThrow("too large to be shown whole");
  });

  it("answers for the visible tokens of a head too large to show whole, from that head alone", async () => {
    const [length, head] = [16384, 4 * 16384 * headDim];
    const reader = hugeFile(length);
    const source = (await openFile(reader, never)).source();
    const before = reader.total;
    const groups = [
      [0, 9000],
      [9000, 9001],
      [9001, length],
    ];
    const excerpt = { map: "self", layer: 2, heads: [5], queries: [[9000, 9001]], keys: groups, without: [] };
    const [found] = await source.excerpt(excerpt, "view", never);
    // Zero vectors attend to all keys alike.
    const shares = Array.from(found?.codes ?? [], (code) => found?.table[code]?.toFixed(3));
    expect(shares).toEqual([9000, 1, length - 9001].map((count) => (count / length).toFixed(3)));
    const tiles = { map: "self", layer: 2, heads: [5], pool: "mean" as const, tiles: [[0, 40, 7]] };
    await source.tiles(tiles, "view", ({ weights }) => expect(weights.codes).toHaveLength(256 * 256), never);
    expect(reader.total - before).toBe(2 * head);
    expect(source.bytes).toBeLessThan(200_000);
  });
});
