import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeadAssembler } from "./assemble";
import type { DecodedBlock } from "./blocks";

const NUM_KEYS = 3;

/** Rows `start` to `stop` of heads whose code is 50 * head + row. */
function rows(
  start: number,
  stop: number,
  heads = [0, 1],
  changes: Partial<DecodedBlock["header"]> = {},
): DecodedBlock {
  const shape = [heads.length, stop - start, NUM_KEYS];
  const codes = heads.flatMap((head) =>
    Array.from({ length: (stop - start) * NUM_KEYS }, (_, cell) => 50 * head + start + Math.floor(cell / NUM_KEYS)),
  );
  const header = { kind: "block", map: "self", layer: 0, heads, queries: [start, stop], keys: [0, NUM_KEYS], shape };
  return {
    header: { ...header, dtype: "sqrt8", missing: 0, ...changes } as DecodedBlock["header"],
    codes: Uint8Array.from(codes),
  };
}

function wholeHead(head: number, numQueries: number): number[] {
  return Array.from({ length: numQueries * NUM_KEYS }, (_, cell) => 50 * head + Math.floor(cell / NUM_KEYS));
}

describe("HeadAssembler", () => {
  it("passes a whole head on without copying it", () => {
    const block = rows(0, 4);
    const heads = new HeadAssembler().add(block, 4);
    expect(heads.map(({ head }) => head)).toEqual([0, 1]);
    for (const { weights } of heads) expect(weights.codes.buffer).toBe(block.codes.buffer);
  });

  it("passes an overview on, whatever its number of bins", () => {
    const block = rows(0, 4, [2], { kind: "overview", queries: [0, 100] });
    expect(new HeadAssembler().add(block, 100)[0]?.weights.numQueries).toBe(4);
  });

  it("assembles heads from parts in any order, with overlaps and repetitions", () => {
    const part = fc.tuple(fc.nat(9), fc.nat(9)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const assembler = new HeadAssembler();
        const arrived = new Set<number>();
        for (const [start, stop] of parts) {
          const completed = assembler.add(rows(start, stop), 10);
          for (let row = start; row < stop; row++) arrived.add(row);
          expect(completed).toHaveLength(arrived.size === 10 ? 2 : 0);
          for (const { head, weights } of completed) {
            expect([...weights.codes]).toEqual(wholeHead(head, 10));
            expect([weights.numQueries, weights.numKeys]).toEqual([10, NUM_KEYS]);
          }
          if (arrived.size === 10) arrived.clear();
        }
      }),
    );
  });

  it("keeps different layers, maps and heads apart", () => {
    const assembler = new HeadAssembler();
    assembler.add(rows(0, 2), 4);
    expect(assembler.add(rows(2, 4, [0, 1], { layer: 1 }), 4)).toEqual([]);
    expect(assembler.add(rows(2, 4, [0, 1], { map: "cross" }), 4)).toEqual([]);
    expect(assembler.add(rows(2, 4, [1, 2]), 4).map(({ head }) => head)).toEqual([1]);
  });

  it("starts again when the encoding changes", () => {
    const assembler = new HeadAssembler();
    assembler.add(rows(0, 2, [0]), 4);
    const halves = (block: DecodedBlock): DecodedBlock => ({
      header: { ...block.header, dtype: "float16" },
      codes: Uint16Array.from(block.codes),
    });
    expect(assembler.add(halves(rows(2, 4, [0])), 4)).toEqual([]);
    const [completed] = assembler.add(halves(rows(0, 2, [0])), 4);
    expect(completed?.weights.codes).toEqual(Uint16Array.from(wholeHead(0, 4)));
  });

  it("refuses rows beyond the map's last query", () => {
    expect(() => new HeadAssembler().add(rows(2, 5), 4)).toThrow("queries 2 to 5, but its attention map has only 4");
  });

  it("forgets incomplete heads", () => {
    const assembler = new HeadAssembler();
    assembler.add(rows(0, 2), 4);
    assembler.clear();
    expect(assembler.add(rows(2, 4), 4)).toEqual([]);
  });
});
