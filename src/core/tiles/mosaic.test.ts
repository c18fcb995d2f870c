import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeWeights, type HeadWeights, weightAt } from "../weights/head-weights";
import { mosaicOf } from "./mosaic";
import { tileOfHead } from "./tile-bins";
import { type BinRectangle, binsIn, levelFor, nearestFirst, tilesOver, withinBins } from "./tile-plan";
import { type TilePlace, tileKey, topLevel } from "./tiles";

const LENGTH = 1100;
const TOP = topLevel(LENGTH, LENGTH);

/** Causal, with a different weight in each cell. */
const HEAD: HeadWeights = {
  numQueries: LENGTH,
  numKeys: LENGTH,
  ...encodeWeights(
    Float32Array.from({ length: LENGTH ** 2 }, (_, cell) => {
      const [query, key] = [Math.floor(cell / LENGTH), cell % LENGTH];
      return key > query ? 0 : ((query * 31 + key * 17) % 997) / 1000;
    }),
  ),
};

const TILES = new Map<string, HeadWeights>();
const nameOf = (place: TilePlace) => tileKey({ map: "self", layer: 0, head: 0, pool: "max", ...place });

function tile(place: TilePlace): HeadWeights {
  const found = TILES.get(nameOf(place)) ?? tileOfHead(HEAD, place, "max");
  TILES.set(nameOf(place), found);
  return found;
}

const placeIn = fc.double({ min: 0, max: LENGTH, noNaN: true });
const span = fc
  .tuple(placeIn, placeIn)
  .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const)
  .filter(([start, stop]) => stop - start >= 4);
const viewport = fc.record({ queries: span, keys: span });
const pixels = fc.record({ width: fc.integer({ min: 100, max: 2000 }), height: fc.integer({ min: 100, max: 2000 }) });

function cells(
  { queries, keys }: BinRectangle,
  visit: (query: number, key: number, row: number, column: number) => void,
) {
  for (let query = queries[0]; query < queries[1]; query += 41) {
    for (let key = keys[0]; key < keys[1]; key += 41) visit(query, key, query - queries[0], key - keys[0]);
  }
}

describe("which tiles are wanted", () => {
  test("bins are about a pixel, and single tokens where those are larger", () => {
    fc.assert(
      fc.property(viewport, pixels, (shown, size) => {
        const level = levelFor(shown, size, TOP);
        const perPixel = Math.min(
          (shown.queries[1] - shown.queries[0]) / size.height,
          (shown.keys[1] - shown.keys[0]) / size.width,
        );
        expect(level).toBeGreaterThanOrEqual(0);
        if (perPixel <= 1) expect(level).toBe(0);
        else if (level < TOP) expect(2 ** level / perPixel).toBeLessThan(Math.SQRT2 * 1.001);
        if (level > 0) expect(2 ** level / perPixel).toBeGreaterThan(Math.SQRT1_2 * 0.999);
      }),
    );
  });

  test("they cover the visible part, each once, and none lies outside", () => {
    fc.assert(
      fc.property(viewport, fc.integer({ min: 0, max: TOP }), (shown, level) => {
        const tiles = tilesOver(binsIn(shown, level));
        expect(new Set(tiles.map(nameOf)).size).toBe(tiles.length);
        const extent = 256 * 2 ** level;
        for (const { row, column } of tiles) {
          expect(row * extent).toBeLessThan(shown.queries[1]);
          expect((row + 1) * extent).toBeGreaterThan(shown.queries[0]);
          expect(column * extent).toBeLessThan(shown.keys[1]);
          expect((column + 1) * extent).toBeGreaterThan(shown.keys[0]);
        }
        for (const [query, key] of [
          [shown.queries[0], shown.keys[0]],
          [shown.queries[1] - 1e-6, shown.keys[1] - 1e-6],
        ] as const) {
          const holds = { level, row: Math.floor(query / extent), column: Math.floor(key / extent) };
          expect(tiles).toContainEqual(holds);
        }
      }),
    );
  });

  test("the nearest to the reader's focus come first", () => {
    const tiles = tilesOver({ level: 0, queries: [0, 1000], keys: [0, 1000] });
    const [first] = nearestFirst(tiles, { query: 600, key: 100 });
    expect(first).toEqual({ level: 0, row: 2, column: 0 });
    expect(nearestFirst(tiles, { query: 0, key: 0 }).at(-1)).toEqual({ level: 0, row: 3, column: 3 });
  });

  test("a viewport in bins is the same place", () => {
    const shown = { queries: [100.5, 300], keys: [16, 20] } as const;
    const bins = binsIn(shown, 2);
    expect(bins).toEqual({ level: 2, queries: [25, 75], keys: [4, 5] });
    expect(withinBins(shown, bins)).toEqual({ queries: [0.125, 50], keys: [0, 1] });
  });
});

describe("a mosaic", () => {
  test("made of its own tiles equals the pooled head", () => {
    fc.assert(
      fc.property(viewport, fc.integer({ min: 0, max: TOP }), (shown, level) => {
        const bins = binsIn(shown, level);
        const made = mosaicOf(bins, TOP, "max", tile) as HeadWeights;
        cells(bins, (query, key, row, column) => {
          const one = tile({ level, row: query >> 8, column: key >> 8 });
          expect(weightAt(made, row, column)).toBe(weightAt(one, query & 255, key & 255));
        });
      }),
      { numRuns: 40 },
    );
  });

  test("is never below the weights, whichever tiles stand in, if the coarsest is there", () => {
    fc.assert(
      fc.property(viewport, fc.integer({ min: 0, max: TOP }), fc.func(fc.boolean()), (shown, level, isThere) => {
        const bins = binsIn(shown, level);
        const find = (place: TilePlace) =>
          place.level <= TOP && (place.level === TOP || isThere(nameOf(place))) && !isOutside(place)
            ? tile(place)
            : undefined;
        const made = mosaicOf(bins, TOP, "max", find) as HeadWeights;
        cells(bins, (query, key, row, column) => {
          const own = tile({ level, row: query >> 8, column: key >> 8 });
          expect(weightAt(made, row, column)).toBeGreaterThanOrEqual(weightAt(own, query & 255, key & 255));
        });
      }),
      { numRuns: 40 },
    );
  });

  test("takes finer tiles in place of its own, because equal pooling gives equal bins", () => {
    const bins = binsIn({ queries: [0, LENGTH], keys: [0, LENGTH] }, 1);
    const find = (place: TilePlace) => (place.level === 0 && !isOutside(place) ? tile(place) : undefined);
    const made = mosaicOf(bins, TOP, "max", find) as HeadWeights;
    cells(bins, (query, key, row, column) => {
      const own = tile({ level: 1, row: query >> 8, column: key >> 8 });
      expect(weightAt(made, row, column)).toBe(weightAt(own, query & 255, key & 255));
    });
    const mean = mosaicOf({ level: 1, queries: [300, 301], keys: [10, 11] }, TOP, "mean", find) as HeadWeights;
    const four = [600, 601].flatMap((query) => [20, 21].map((key) => weightAt(HEAD, query, key)));
    expect(weightAt(mean, 0, 0)).toBeCloseTo(four.reduce((sum, weight) => sum + weight) / 4, 3);
  });

  test("is null without tiles, and blank where a tile is blank or missing", () => {
    const bins = { level: 0, queries: [0, 512], keys: [0, 512] } as const;
    expect(mosaicOf(bins, TOP, "max", () => undefined)).toBeNull();
    const blank = { ...HEAD, numQueries: 0, numKeys: 0, codes: new Uint16Array() };
    const find = ({ level, row, column }: TilePlace) => {
      if (level === TOP) return tile({ level, row, column });
      return level === 0 && row === 0 && column === 1 ? blank : undefined;
    };
    const made = mosaicOf(bins, TOP, "max", find) as HeadWeights;
    expect(weightAt(made, 255, 256)).toBe(0);
    expect(weightAt(made, 511, 300)).toBeGreaterThan(0);
    const alone = mosaicOf(bins, TOP, "max", (place) => (place.level === 0 ? find(place) : undefined)) as HeadWeights;
    expect(weightAt(alone, 511, 300)).toBe(0);
  });

  test("keeps missing weights missing, even from tiles of several encodings", () => {
    const odd: HeadWeights = { numQueries: 1, numKeys: 2, ...encodeWeights([Number.NaN, 1.5]) };
    const even: HeadWeights = { numQueries: 1, numKeys: 1, ...encodeWeights([0.25]) };
    const made = mosaicOf({ level: 0, queries: [0, 1], keys: [254, 257] }, 1, "max", ({ level, column }) =>
      level > 0 ? undefined : column === 0 ? wide(odd) : even,
    ) as HeadWeights;
    expect([0, 1, 2].map((key) => weightAt(made, 0, key))).toEqual([Number.NaN, 1.5, 0.25]);
  });
});

/** The two weights at the end of a row of 256. */
function wide({ codes, ...rest }: HeadWeights): HeadWeights {
  return { ...rest, numKeys: 256, codes: Uint16Array.from([...Array(254).fill(0), ...codes]) };
}

function isOutside({ level, row, column }: TilePlace): boolean {
  return Math.max(row, column) * 256 * 2 ** level >= LENGTH;
}
