import { beforeEach, describe, expect, it } from "vitest";
import { CountingReader, mapOf, metadataOf } from "../../../testing/attention-file";
import { passTime, stopClock, turn } from "../../../testing/clock";
import { headInputs } from "../../../testing/rows";
import { f32, safetensorsFile } from "../../../testing/safetensors";
import type { ExcerptRequest, TileRequest } from "../../contract.gen";
import { SUPERSEDED } from "../../core/async/take-latest";
import { AttendedRows } from "../../core/attend/attend";
import type { WeightRows } from "../../core/attend/weight-rows";
import type { FileRecord } from "../../core/file/layer-record";
import type { Tile } from "../../core/tiles/tiles";
import { headCache } from "../../core/weights/head-cache";
import { FileTiles } from "./file-tiles";
import { openFile } from "./open-file";

const SIZE = 2048;
const never = new AbortController().signal;
stopClock();

/** One causal head that records which weights are computed. */
class WatchedHead {
  readonly written: { start: number; stop: number; keys: number }[] = [];
  readonly #rows = new AttendedRows(headInputs(SIZE, SIZE, 1, true, 32));

  record = (): FileRecord => ({ kind: "vectors", numHeads: 1, numQueries: SIZE, numKeys: SIZE }) as FileRecord;

  edges = (): number[] => [0, SIZE];

  rows = async (): Promise<WeightRows> => ({
    ...{ numQueries: SIZE, numKeys: SIZE, cost: 32 },
    seen: (start, stop) => this.#rows.seen(start, stop),
    isDivisible: (start, stop) => this.#rows.isDivisible(start, stop),
    write: (start, stop, into, low = 0, high = SIZE) => {
      passTime(2); // So that a page gets its turn before everything is computed.
      this.written.push({ start, stop, keys: high - low });
      this.#rows.write(start, stop, into, low, high);
    },
  });

  get numWritten(): number {
    return this.written.reduce((sum, { start, stop }) => sum + stop - start, 0);
  }
}

let head: WatchedHead;
let pyramid: FileTiles;
beforeEach(() => {
  head = new WatchedHead();
  pyramid = new FileTiles(head, headCache(1 << 24));
});

const excerptOf = (queries: number[][]): ExcerptRequest => ({
  ...{
    map: "self",
    layer: 0,
    heads: [0],
    queries,
    keys: [
      [0, 64],
      [64, SIZE],
    ],
    without: [],
  },
});
const near = excerptOf([
  [1000, 1001],
  [1001, 1002],
]);
const far = excerptOf([
  [0, 1000],
  [1002, SIZE],
]);
const tilesOf = (...tiles: number[][]): TileRequest => ({ map: "self", layer: 0, heads: [0], pool: "max", tiles });

describe("FileTiles", () => {
  it("answers a small request before a large one that came first", async () => {
    const answered: string[] = [];
    const waiting = pyramid.excerpt(far, "far", never).then(() => answered.push("far"));
    await turn();
    expect(head.numWritten).toBeGreaterThan(0);
    await pyramid.excerpt(near, "near", never).then(() => answered.push("near"));
    expect(head.numWritten).toBeLessThan(SIZE);
    await waiting;
    expect(answered).toEqual(["near", "far"]);
    expect(head.numWritten).toBe(SIZE);
  });

  it("stops an aborted request after the current rows", async () => {
    const left = new AbortController();
    const tiles: Tile[] = [];
    const answers = [
      pyramid.excerpt(far, "view", left.signal),
      pyramid.tiles(tilesOf([3, 0, 0]), "view", (tile) => tiles.push(tile), left.signal),
    ];
    await turn();
    const before = head.written.length;
    expect(before).toBeGreaterThan(0);
    left.abort(new Error("left"));
    const ended = await Promise.allSettled(answers);
    expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    for (let wait = 0; wait < 5; wait++) await turn();
    expect([head.written.length, tiles]).toEqual([before, []]);
    // Between two turns of the page, at most 2 ** 22 multiplications are done.
    expect(Math.max(...head.written.map(({ start, stop, keys }) => (stop - start) * keys * 32))).toBeLessThanOrEqual(
      1 << 22,
    );
  });

  it("continues only the newest request of a lane", async () => {
    const older = pyramid.excerpt(far, "view", never);
    const beside = pyramid.tiles(tilesOf([0, 0, 0]), "view", () => {}, never);
    const newer = pyramid.excerpt(near, "view", never);
    await expect(older).rejects.toThrow(SUPERSEDED);
    expect(await newer).toHaveLength(1);
    await beside;
    expect(head.numWritten).toBeLessThan(SIZE);
  });

  it("computes the rows of a row of tiles once for all of them, and single tiles once the norms are known", async () => {
    const taken: Tile[] = [];
    const places = [
      [0, 7, 2],
      [0, 7, 0],
      [0, 7, 7],
    ];
    await pyramid.tiles(tilesOf(...places), "view", (tile) => taken.push(tile), never);
    expect(taken.map(({ column }) => column)).toEqual([2, 0, 7]);
    expect(head.numWritten).toBe(256);
    head.written.length = 0;
    await pyramid.tiles(tilesOf([0, 7, 5]), "view", (tile) => taken.push(tile), never);
    expect(head.written).toEqual([{ start: 1792, stop: 2048, keys: 256 }].flatMap(split));
    expect(taken.at(-1)?.weights).toMatchObject({ numQueries: 256, numKeys: 256 });
  });

  /** Splits a range into parts of as many rows of 256 keys and 32 dimensions as are computed at once. */
  const split = ({ start, stop, keys }: { start: number; stop: number; keys: number }) => {
    const step = Math.min(stop - start, 2 ** 22 / (keys * 32));
    return [...Array((stop - start) / step).keys()].map((at) => ({
      start: start + at * step,
      stop: start + (at + 1) * step,
      keys,
    }));
  };

  it("returns tiles above the diagonal at once, without work", async () => {
    const taken: [number, number, number][] = [];
    const asking = pyramid.tiles(
      tilesOf([3, 0, 0], [0, 0, 1], [1, 1, 0], [1, 1, 3]),
      "view",
      ({ level, column, weights }) => taken.push([level, column, weights.numQueries]),
      never,
    );
    while (taken.length < 2) await Promise.resolve();
    expect(taken).toEqual([
      [0, 1, 0],
      [1, 3, 0],
    ]);
    expect(head.written).toEqual([]);
    expect(
      pyramid.peekTile({ map: "self", layer: 0, head: 0, pool: "max", level: 0, row: 0, column: 1 }),
    ).toBeDefined();
    await asking;
    expect(taken.slice(2)).toEqual([
      [3, 0, 256],
      [1, 0, 256],
    ]);
  });

  it("is right without a cache, each tile on its own", async () => {
    const places = [
      [1, 3, 0],
      [1, 3, 1],
      [1, 3, 0],
    ];
    const all = async (of: FileTiles) => {
      const taken: Tile[] = [];
      await of.tiles(tilesOf(...places), "view", (tile) => taken.push(tile), never);
      return taken.map(({ column, weights }) => [column, weights.codes.join()]);
    };
    const kept = await all(pyramid);
    expect(kept.map(([column]) => column)).toEqual([0, 1, 0]);
    expect(await all(new FileTiles(new WatchedHead(), headCache(0)))).toEqual(kept);
  });
});

describe("weights that the file itself holds", () => {
  it("are read only as far as needed, one part at a time", async () => {
    const [heads, length] = [3, 1500];
    const weights = f32([heads, length, length], new Float32Array(heads * length * length).fill(1 / length));
    weights.values[(length + 700) * length + 3] = 0.5;
    const overview = { dtype: "U8", shape: [heads, 64, 64], values: new Uint8Array(heads * 64 * 64) } as const;
    const record = { kind: "weights", num_heads: heads, weights: "weights", module: "", overview: "overview" };
    const description = mapOf([{ record, tensors: {} }], heads, length);
    const reader = new CountingReader(safetensorsFile({ overview, weights }, metadataOf([description])));
    const source = (await openFile(reader, never)).source({ tensors: 0 });
    const header = reader.total;
    const request = {
      ...near,
      heads: [1],
      queries: [[700, 701]],
      keys: [
        [0, 3],
        [3, 4],
        [4, length],
      ],
    };
    const [found] = await source.excerpt(request, "view", never);
    expect(Array.from(found?.codes ?? [], (code) => found?.table[code]?.toFixed(3))).toEqual([
      "0.002",
      "0.500",
      "0.997",
    ]);
    expect(reader.total - header).toBe(length * 4);
    reader.reads.length = 0;
    await source.tiles(
      { ...tilesOf([3, 0, 0]), heads: [1] },
      "view",
      ({ weights }) => expect(weights.numKeys).toBe(188),
      never,
    );
    expect(reader.total).toBe(length * length * 4);
    expect(Math.max(...reader.reads.map(([start, stop]) => stop - start))).toBeLessThanOrEqual(8 << 20);
  });
});
