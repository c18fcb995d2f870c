import { describe, expect, it } from "vitest";
import type { ExcerptRequest, PoolKind, TileRequest } from "../src/contract.gen";
import { groupingOf, positionsIn } from "../src/core/reduce/group-tokens";
import type { Source } from "../src/core/state/source";
import { type Tile, type TilePlace, tilesOf } from "../src/core/tiles/tiles";
import type { HeadWeights } from "../src/core/weights/head-weights";
import { compare, lengthOf, right, SENTENCE, weightsOf } from "./conformance-capture";

/** A source that reports how much memory its weights take. */
export type BoundedSource = Source & { readonly bytes: number };

const never = new AbortController().signal;

/** Lets running work continue to its end. Every step of an answer takes at most one turn. */
async function letRun(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve));
}

const QUERIES = [
  [0, 1],
  [1, 2],
  [5, 40, 60, 64],
  [69, 70],
];
const KEYS = [
  [1, 2],
  [2, 30],
  [31, 32],
  [40, 41, 44, 50],
  [66, 70],
];
const TILES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 0],
  [0, 0, 1],
  [0, 1, 1],
];

const excerptOf = (more: Partial<ExcerptRequest> = {}): ExcerptRequest => ({
  ...{ map: "long", layer: 1, heads: [1, 0], queries: QUERIES, keys: KEYS, without: [] },
  ...more,
});
const tilesWanted = (more: Partial<TileRequest> = {}): TileRequest => ({
  ...{ map: "wide", layer: 0, heads: [2, 0], pool: "max", tiles: TILES },
  ...more,
});

/** A head's excerpt by definition, shape (query groups, key groups). */
export function excerptExpected({ map, layer, queries, keys, without }: ExcerptRequest, head: number): Float32Array {
  const [weights, length] = [weightsOf(map, layer, head), lengthOf(map)];
  const members = (groups: readonly number[][]) => groupingOf(groups, length).groups;
  const leftOut = new Set(positionsIn(without));
  const share = (query: number): number => {
    const row = weights.subarray(query * length, (query + 1) * length);
    const rest = row.reduce((sum, weight, key) => sum + (leftOut.has(key) ? 0 : weight), 0);
    return without.length > 0 && rest > 0 ? 1 / rest : 1;
  };
  return Float32Array.from(
    members(queries).flatMap((rows) =>
      members(keys).map((columns) => {
        const sums = rows.map(
          (query) => share(query) * columns.reduce((sum, key) => sum + (weights[query * length + key] as number), 0),
        );
        return sums.reduce((sum, one) => sum + one, 0) / rows.length;
      }),
    ),
  );
}

/** A head's tile by definition, shape (query bins, key bins). */
export function tileExpected(map: string, layer: number, head: number, place: TilePlace, pool: PoolKind): Float32Array {
  const [weights, length, step] = [weightsOf(map, layer, head), lengthOf(map), 2 ** place.level];
  const bins = (number: number) =>
    [...Array(256).keys()].map((bin) => (number * 256 + bin) * step).filter((start) => start < length);
  const inBin = (start: number) => [...Array(Math.min(step, length - start)).keys()].map((at) => start + at);
  const pooled = (rows: number[], columns: number[]) => {
    const all = rows.flatMap((query) => columns.map((key) => weights[query * length + key] as number));
    const found = all.filter((weight) => !Number.isNaN(weight));
    if (found.length === 0) return Number.NaN;
    return pool === "max" ? Math.max(...found) : found.reduce((sum, weight) => sum + weight, 0) / found.length;
  };
  const [rows, columns] = [bins(place.row).map(inBin), bins(place.column).map(inBin)];
  return Float32Array.from(rows.flatMap((row) => columns.map((column) => pooled(row, column))));
}

function expectTile({ map, layer, head, pool, weights, ...place }: Tile): void {
  const expected = tileExpected(map, layer, head, place, pool);
  // In a tile without bins, all weights are known to be 0.
  if (weights.numQueries === 0) expect([place, expected.every((weight) => weight === 0)]).toEqual([place, true]);
  else expect(compare(weights, expected)).toEqual(right(expected));
}

async function taken(source: Source, request: TileRequest, lane = "view"): Promise<Tile[]> {
  const tiles: Tile[] = [];
  await source.tiles(request, lane, (tile) => tiles.push(tile), never);
  return tiles;
}

/** Everything that makes two heads equal, in a form that is quick to compare. */
const plain = (weights: HeadWeights | undefined) => weights && { ...weights, codes: weights.codes.join(), table: null };

const placeOf = ({ head, level, row, column }: Omit<Tile, "weights">) => [head, level, row, column].join(" ");

/** Tests how a source answers requests for excerpts and tiles. */
export function describePooling(name: string, open: (maxBytes?: number) => Promise<BoundedSource>): void {
  describe(`${name}, as every source of excerpts and tiles`, () => {
    it.each([false, true])("sums over keys and averages over queries, in the order of the request", async (sink) => {
      const source = await open();
      const request = excerptOf({ without: sink ? [0, 1, 4, 6] : [] });
      expect(source.peekExcerpt(request)).toEqual([undefined, undefined]);
      const heads = await source.excerpt(request, "view", never);
      expect(heads.map((head, at) => compare(head, excerptExpected(request, request.heads[at] as number)))).toEqual(
        request.heads.map((head) => right(excerptExpected(request, head))),
      );
      expect(heads[0]).toMatchObject({ numQueries: QUERIES.length, numKeys: KEYS.length });
      expect(source.peekExcerpt(request).map(plain)).toEqual(heads.map(plain));
      expect((await source.excerpt(request, "view", never)).map(plain)).toEqual(heads.map(plain));
      expect(await source.excerpt({ ...request, heads: [] }, "view", never)).toEqual([]);
    });

    it.each(["max", "mean"] as const)("pools weights to tiles by their %s, at every level", async (pool) => {
      const source = await open();
      const request = tilesWanted({ pool });
      const wanted = tilesOf(request);
      expect(wanted.map((tile) => source.peekTile(tile))).toEqual(wanted.map(() => undefined));
      const tiles = await taken(source, request);
      tiles.forEach(expectTile);
      // Tiles that are known to be blank may come before others.
      const isBlank = new Set(tiles.filter(({ weights }) => weights.numQueries === 0).map(placeOf));
      const inOrder = wanted.map(placeOf).filter((place) => !isBlank.has(place));
      expect(tiles.map(placeOf).filter((place) => !isBlank.has(place))).toEqual(inOrder);
      expect(tiles.map(placeOf).sort()).toEqual(wanted.map(placeOf).sort());
      for (const { weights, ...tile } of tiles) expect(plain(source.peekTile(tile))).toEqual(plain(weights));
      expect((await taken(source, request)).map(placeOf).sort()).toEqual(wanted.map(placeOf).sort());
    });

    it("reports excerpts and tiles of a layer that was not kept as missing", async () => {
      const source = await open();
      const [head] = await source.excerpt(excerptOf({ layer: 2, heads: [1] }), "view", never);
      const nothing = new Float32Array(QUERIES.length * KEYS.length).fill(Number.NaN);
      expect(compare(head, nothing)).toEqual(right(nothing));
      for (const pool of ["max", "mean"] as const) {
        const tiles = await taken(
          source,
          tilesWanted({
            layer: 2,
            heads: [1],
            pool,
            tiles: [
              [1, 0, 0],
              [0, 1, 1],
            ],
          }),
        );
        expect(tiles).toHaveLength(2);
        tiles.forEach(expectTile);
      }
    });

    it("answers several lanes at once, and the newest request of each", async () => {
      const source = await open();
      const [older, newer] = [excerptOf({ layer: 0 }), excerptOf({ keys: [[0, 70]] })];
      const outdated = source.excerpt(older, "far", never).catch(() => undefined);
      const [one, other, tiles] = await Promise.all([
        source.excerpt(newer, "far", never),
        source.excerpt(excerptOf({ heads: [0] }), "near", never),
        taken(source, tilesWanted({ heads: [1] }), "far"),
      ]);
      expect(compare(one[1], excerptExpected(newer, 0))).toEqual(right(excerptExpected(newer, 0)));
      expect(compare(other[0], excerptExpected(excerptOf(), 0))).toEqual(right(excerptExpected(excerptOf(), 0)));
      expect(tiles).toHaveLength(TILES.length);
      await outdated;
    });

    it("rejects invalid excerpts and tiles with a message for users", async () => {
      const source = await open();
      const wrong = [{ map: "cross" }, { layer: 3 }, { heads: [0, 3] }];
      for (const more of wrong) {
        await expect(source.excerpt(excerptOf(more), "view", never)).rejects.toThrow(SENTENCE);
        await expect(taken(source, tilesWanted(more))).rejects.toThrow(SENTENCE);
      }
      for (const groups of [
        [[3, 3]],
        [
          [2, 5],
          [4, 6],
        ],
        [[0, 71]],
        [[]],
      ]) {
        await expect(source.excerpt(excerptOf({ queries: groups }), "view", never)).rejects.toThrow(SENTENCE);
        await expect(source.excerpt(excerptOf({ keys: groups }), "view", never)).rejects.toThrow(SENTENCE);
      }
      for (const place of [
        [2, 0, 0],
        [0, 2, 0],
        [1, 0, 1],
      ]) {
        const tiles: Tile[] = [];
        const request = tilesWanted({ tiles: [[0, 0, 0], place] });
        await expect(source.tiles(request, "view", (tile) => tiles.push(tile), never)).rejects.toThrow(SENTENCE);
        expect(tiles).toEqual([]);
      }
    });

    it("rejects with the signal's reason, leaves nothing running, and answers the next request", async () => {
      const source = await open();
      const reason = new Error("moved on");
      const gone = AbortSignal.abort(reason);
      await expect(source.excerpt(excerptOf(), "view", gone)).rejects.toBe(reason);
      await expect(source.tiles(tilesWanted(), "view", () => {}, gone)).rejects.toBe(reason);
      const moved = new AbortController();
      const tiles: Tile[] = [];
      const answers = [
        source.excerpt(excerptOf(), "view", moved.signal),
        source.tiles(tilesWanted(), "view", (tile) => tiles.push(tile), moved.signal),
      ];
      moved.abort(reason);
      for (const answer of await Promise.allSettled(answers)) expect(answer).toEqual({ status: "rejected", reason });
      const { bytes } = source;
      await letRun();
      expect([tiles, source.bytes]).toEqual([[], bytes]);
      const [head] = await source.excerpt(excerptOf(), "view", never);
      expect(compare(head, excerptExpected(excerptOf(), 1))).toEqual(right(excerptExpected(excerptOf(), 1)));
      (await taken(source, tilesWanted({ heads: [1] }))).forEach(expectTile);
    });

    it("stays within its limit in a random walk of 500 requests", async () => {
      const limit = 300_000;
      const source = await open(limit);
      const random = generator(7);
      let most = 0;
      for (let step = 0; step < 500; step++) {
        await walk(source, random);
        most = Math.max(most, source.bytes);
      }
      expect(most).toBeLessThanOrEqual(limit);
      expect(most).toBeGreaterThan(limit / 2);
    });
  });
}

/** Sends one request of any kind, and aborts some before they are answered. */
async function walk(source: Source, random: (below: number) => number): Promise<void> {
  const [map, layer] = [["long", "wide"][random(2)] as string, random(3)];
  const heads = [random(2)];
  const left = new AbortController();
  const start = random(30);
  const groups = [
    [start, start + 1 + random(9)],
    [start + 20, start + 40],
  ];
  const place = map === "long" ? [0, 0, 0] : [0, random(2), random(2)];
  const pool = (["max", "mean"] as const)[random(2)] as PoolKind;
  const queries = { map, layer, heads, queries: groups, keys: groups, without: random(2) === 0 ? [0, 1] : [] };
  const answer = [
    () => source.fetch({ kind: "block", map, layer, heads }, left.signal),
    () => source.excerpt(queries, "view", left.signal),
    () => source.tiles({ map, layer, heads, pool, tiles: [place] }, "view", () => {}, left.signal),
  ][random(3)] as () => Promise<unknown>;
  const answering = answer();
  if (random(5) === 0) left.abort(new Error("moved on"));
  await answering.catch((error) => {
    if (!left.signal.aborted) throw error;
  });
}

/** Integers below a bound that look random but are the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
