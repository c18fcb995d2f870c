import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drain, headInputs } from "../../../testing/rows";
import type { PoolKind } from "../../contract.gen";
import { AttendedRows } from "../attend/attend";
import { GivenRows, MissingRows, type WeightRows } from "../attend/weight-rows";
import { fillTiles, TileBins } from "./tile-bins";
import { checkPlace, type TilePlace, topLevel } from "./tiles";

const pools = fc.constantFrom<PoolKind>("max", "mean");

function filled(rows: WeightRows, places: readonly TilePlace[], pool: PoolKind): TileBins[] {
  const tiles = places.map((place) => new TileBins(place, rows.numQueries, rows.numKeys, pool));
  const [first] = tiles as [TileBins];
  drain(fillTiles(rows, tiles, first.queries.start, first.queries.stop));
  return tiles;
}

/** Computes a tile from whole rows, by definition. */
function direct(
  weights: Float32Array,
  numQueries: number,
  numKeys: number,
  place: TilePlace,
  pool: PoolKind,
): number[] {
  const step = 2 ** place.level;
  const starts = (at: number, size: number) =>
    Array.from({ length: 256 }, (_, bin) => (at * 256 + bin) * step).filter((start) => start < size);
  return starts(place.row, numQueries).flatMap((query) =>
    starts(place.column, numKeys).map((key) => {
      const there: number[] = [];
      for (let at = query; at < Math.min(query + step, numQueries); at++) {
        for (let to = key; to < Math.min(key + step, numKeys); to++) there.push(weights[at * numKeys + to] as number);
      }
      const found = there.filter((weight) => !Number.isNaN(weight));
      if (found.length === 0) return Number.NaN;
      return pool === "max" ? Math.max(...found) : found.reduce((sum, weight) => sum + weight, 0) / found.length;
    }),
  );
}

function whole(rows: WeightRows): Float32Array {
  const weights = new Float32Array(rows.numQueries * rows.numKeys);
  rows.write(0, rows.numQueries, weights);
  return weights;
}

function expectClose(found: Float64Array, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  const wrong = expected.findIndex((weight, at) => {
    const is = found[at] as number;
    return Number.isNaN(weight) ? !Number.isNaN(is) : !(Math.abs(is - weight) < 1e-6);
  });
  expect([wrong, expected[wrong], found[wrong]]).toEqual([-1, undefined, undefined]);
}

describe("tiles of rows", () => {
  it("equal direct pooling, at every level, alone and together", () => {
    const [numQueries, numKeys] = [300, 550];
    fc.assert(
      fc.property(
        fc.nat(9),
        fc.boolean(),
        pools,
        fc.nat(2),
        fc.boolean(),
        (seed, isCausal, pool, level, areTogether) => {
          const head = headInputs(numQueries, numKeys, seed, isCausal);
          const weights = whole(new AttendedRows(head));
          const rows = new AttendedRows(head);
          for (let row = 0; row * 256 * 2 ** level < numQueries; row++) {
            const places = [...Array(Math.ceil(numKeys / (256 * 2 ** level))).keys()].map((column) => ({
              level,
              row,
              column,
            }));
            const tiles = areTogether
              ? filled(rows, places, pool)
              : places.flatMap((place) => filled(rows, [place], pool));
            tiles.forEach((tile, at) => {
              expectClose(tile.values(), direct(weights, numQueries, numKeys, places[at] as TilePlace, pool));
            });
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it("ignore missing weights, and are missing if all weights are", () => {
    fc.assert(
      fc.property(fc.nat(99), pools, (seed, pool) => {
        const values = Float32Array.from({ length: 300 * 4 }, (_, at) =>
          Math.sin(at * (seed + 1)) > 0.4 ? Number.NaN : Math.abs(Math.sin(at)),
        );
        values.fill(Number.NaN, 0, 16);
        const rows = new GivenRows(300, 4, new Uint8Array(values.buffer), "F32");
        for (const level of [0, 1]) {
          const place = { level, row: 0, column: 0 };
          expectClose((filled(rows, [place], pool)[0] as TileBins).values(), direct(values, 300, 4, place, pool));
        }
      }),
      { numRuns: 20 },
    );
  });

  it("of a layer that was not kept are missing, and compute nothing", () => {
    const [tile] = filled(new MissingRows(1 << 20, 1 << 20), [{ level: 12, row: 0, column: 0 }], "mean");
    expect(tile?.values().every(Number.isNaN)).toBe(true);
  });

  it("know the norms of their rows afterwards, and then need only their own keys", () => {
    const rows = new AttendedRows(headInputs(600, 600, 3, true));
    filled(rows, [{ level: 0, row: 1, column: 0 }], "max");
    expect([rows.isDivisible(256, 512), rows.isDivisible(255, 256), rows.isDivisible(512, 513)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    [{ level: 2, row: 0, column: 0 }],
    [{ level: 0, row: 2, column: 0 }],
    [{ level: 0, row: 0, column: -1 }],
    [{ level: 0.5, row: 0, column: 0 }],
  ])("are refused if they do not exist: %j", (place) => {
    expect(topLevel(512, 300)).toBe(1);
    expect(() => checkPlace(place, 512, 300)).toThrow(/^There is no tile .* of 512 x 300 weights\.$/);
  });
});
