import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { float16Table } from "../../core/weights/codecs/tables";
import type { HeadWeights } from "../../core/weights/head-weights";
import { splitByWeight } from "./line-budget";

const SHOWN = { queries: Int32Array.of(0, 2, 3), keys: Int32Array.of(1, 2, 3, 4) };
const WIDTH = 100;

function head(codes: number[]): HeadWeights {
  return { numQueries: 4, numKeys: 5, codes: Uint16Array.from(codes), table: float16Table, dtype: "float16" };
}

function shownWeights({ codes, table, numKeys }: HeadWeights): number[] {
  const cells = [...SHOWN.queries].flatMap((query) => [...SHOWN.keys].map((key) => query * numKeys + key));
  return cells.map((cell) => table[codes[cell] as number] as number);
}

const anyHeads = fc.array(fc.array(fc.nat(65535), { minLength: 20, maxLength: 20 }).map(head), { maxLength: 3 });

describe("splitByWeight", () => {
  it("counts exactly the positive weights from its threshold on", () => {
    const effort = fc.record({ all: fc.nat(4000), most: fc.nat(4000), haze: fc.constant(1) });
    fc.assert(
      fc.property(anyHeads, effort, fc.double({ min: 0.01, max: 1, noNaN: true }), (heads, limits, opacity) => {
        const { threshold, counts } = splitByWeight(heads, SHOWN, opacity, WIDTH, limits);
        const lines = heads.map((weights) => shownWeights(weights).filter((w) => w > 0 && w >= threshold).length);
        expect(counts).toEqual(lines);
        const drawn = counts.reduce((sum, count) => sum + count, 0);
        expect(drawn * WIDTH).toBeLessThanOrEqual(threshold === 0 ? limits.all : limits.most);
      }),
    );
  });

  it("leaves out no line that the effort allows", () => {
    fc.assert(
      fc.property(anyHeads, (heads) => {
        expect(splitByWeight(heads, SHOWN, 1, WIDTH, { all: 3600, most: 0, haze: 1 }).threshold).toBe(0);
      }),
    );
  });

  it("draws visible lines one by one, and no fainter ones", () => {
    const codes = Array.from({ length: 20 }, (_, cell) => (cell % 2 ? 0x3c00 : 0x1000)); // 1 and 2 ** -11.
    const { threshold, counts } = splitByWeight([head(codes)], SHOWN, 0.5, WIDTH, { all: 0, most: 1e6, haze: 1 });
    expect(threshold).toBe(1 / 256);
    expect(counts).toEqual([shownWeights(head(codes)).filter((weight) => weight === 1).length]);
  });
});
