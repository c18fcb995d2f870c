import type { TileHeader } from "../contract.gen";
import type { Fail } from "./header";

const ENDS = 4;

/**
 * The codes of a tile from `start` on, with the zeros that its rows travel without (see `TileHeader` in `contract.py`),
 * and how many bytes it takes; null for codes that are not all there.
 */
export function uncut(view: DataView, start: number, { shape, dtype }: TileHeader, fail: Fail) {
  const [heads, rows, columns] = shape as [number, number, number];
  const count = heads * rows * Math.min(columns, 1);
  const [Codes, read, width] =
    dtype === "sqrt8"
      ? ([Uint8Array, (at: number) => view.getUint8(at), 1] as const)
      : ([Uint16Array, (at: number) => view.getUint16(at, true), 2] as const);
  let bytes = count * ENDS;
  if (start + bytes > view.byteLength) return { codes: null, bytes };
  const codes = new Codes(heads * rows * columns);
  for (let row = 0; row < count; row++) {
    const [first, last] = [view.getUint16(start + row * ENDS, true), view.getUint16(start + row * ENDS + 2, true)];
    if (first > last || last > columns)
      fail(`its row ${row} of ${columns} bins is said to be from ${first} to ${last}`);
    const from = start + bytes - first * width;
    bytes += (last - first) * width;
    if (start + bytes > view.byteLength) return { codes: null, bytes };
    for (let at = first; at < last; at++) codes[row * columns + at] = read(from + at * width);
  }
  return { codes, bytes };
}
