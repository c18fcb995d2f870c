import fc from "fast-check";
import { expect, test } from "vitest";
import type { TileHeader } from "../contract.gen";
import { decodeFrames } from "./blocks";

const CODES = fc
  .record({ rows: fc.integer({ min: 1, max: 6 }), columns: fc.integer({ min: 1, max: 6 }), isByte: fc.boolean() })
  .chain(({ rows, columns, isByte }) => {
    const code = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(isByte ? 255 : 65535));
    const all = fc.array(code, { minLength: rows * columns, maxLength: rows * columns });
    return all.map((codes) => ({ rows, columns, isByte, codes }));
  });

/** Encodes as `TileHeader` in `contract.py` says. */
function payloadOf({
  rows,
  columns,
  isByte,
  codes,
}: {
  rows: number;
  columns: number;
  isByte: boolean;
  codes: number[];
}) {
  const cut = Array.from({ length: rows }, (_, row) => {
    const all = codes.slice(row * columns, (row + 1) * columns);
    const first = all.findIndex((code) => code !== 0);
    const [start, stop] = first < 0 ? [0, 0] : [first, columns - [...all].reverse().findIndex((code) => code !== 0)];
    return { start, stop, inside: all.slice(start, stop) };
  });
  const ends = cut.flatMap(({ start, stop }) => [start, stop]).flatMap(twoBytes);
  return [...ends, ...cut.flatMap(({ inside }) => (isByte ? inside : inside.flatMap(twoBytes)))];
}

const twoBytes = (value: number) => [value & 255, value >> 8];

function frameOf(rows: number, columns: number, dtype: TileHeader["dtype"], payload: readonly number[]): Uint8Array {
  const header: TileHeader = {
    ...{ kind: "tile", map: "self", layer: 1, heads: [2], queries: [0, rows], keys: [0, columns] },
    ...{ shape: [1, rows, columns], dtype, missing: 0, level: 0, row: 0, column: 0, pool: "max", blank: false },
  };
  const text = new TextEncoder().encode(JSON.stringify(header).padEnd(256));
  const padding = new Array(-payload.length & 7).fill(0);
  return Uint8Array.from([...new TextEncoder().encode("HSB1"), 0, 1, 0, 0, ...text, ...payload, ...padding]);
}

test("rows come back with the zeros that they travelled without, one tile after another", () => {
  fc.assert(
    fc.property(fc.array(CODES, { minLength: 1, maxLength: 3 }), fc.nat(3), (tiles, offset) => {
      const frames = tiles.map((tile) =>
        frameOf(tile.rows, tile.columns, tile.isByte ? "sqrt8" : "decimal16", payloadOf(tile)),
      );
      const bytes = Uint8Array.from([...new Array(offset).fill(0xaa), ...frames.flatMap((frame) => [...frame])]);
      const found = decodeFrames(new DataView(bytes.buffer, offset), ["tile"]);
      expect(found.map(({ codes }) => [...codes])).toEqual(tiles.map(({ codes }) => codes));
    }),
  );
});

test("the kernel's bytes are read", () => {
  const payload = "0100040000000000000001000700000008000900".match(/../g) as string[];
  const frame = frameOf(
    3,
    4,
    "decimal16",
    payload.map((byte) => Number.parseInt(byte, 16)),
  );
  const [tile] = decodeFrames(frame, ["tile"]);
  expect([...(tile?.codes ?? [])]).toEqual([0, 7, 0, 8, 0, 0, 0, 0, 9, 0, 0, 0]);
});

test("a row that ends before it starts, or beyond the bins, and one that is not all there are refused", () => {
  const read = (payload: readonly number[]) => decodeFrames(frameOf(1, 4, "decimal16", payload), ["tile"]);
  expect(() => read([3, 0, 2, 0])).toThrow("its row 0 of 4 bins is said to be from 3 to 2");
  expect(() => read([0, 0, 5, 0])).toThrow("its row 0 of 4 bins is said to be from 0 to 5");
  expect(() => read([0, 0, 4, 0, 1, 0])).toThrow("its payload needs 16 bytes");
  expect(() => read([])).toThrow("its payload needs 8 bytes");
});
