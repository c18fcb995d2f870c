import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VectorRequest } from "../../contract.gen";
import { bandOf, type HeadVectors, joinVectors, vectorCache, vectorKey } from "./vectors";
import { decodeVectors } from "./vector-frames";
import { frameOf, headVectors, PLAIN_RULE } from "../../../testing/vectors";

const PLACE = { map: "self", layer: 2, head: 1 };
const request = (queries: [number, number]): VectorRequest => ({ ...PLACE, queries });

/** Bytes at an offset in a larger buffer, as messages bring them. */
function shifted(bytes: Uint8Array, offset: number): DataView {
  const buffer = new Uint8Array(bytes.length + offset + 3).fill(0xaa);
  buffer.set(bytes, offset);
  return new DataView(buffer.buffer, offset, bytes.length);
}

function together(...frames: Uint8Array[]): Uint8Array {
  return Uint8Array.from(frames.flatMap((frame) => [...frame]));
}

const anyValues = fc.oneof(fc.float32Array({ noNaN: true, maxLength: 24 }), fc.uint8Array({ maxLength: 24 }));

describe("decodeVectors", () => {
  it("reads every value back, whatever the alignment", () => {
    fc.assert(
      fc.property(fc.array(anyValues, { maxLength: 4 }), fc.nat(9), fc.nat(50), (parts, offset, first) => {
        const frames = parts.map((values) =>
          frameOf({ ...PLACE, map: "cröss", kind: "bias", rows: [first, first + values.length] }, values),
        );
        const decoded = decodeVectors(shifted(together(...frames), offset));
        expect(decoded.map(({ values }) => values)).toEqual(parts);
        for (const { header } of decoded) expect([header.map, header.rows[0]]).toEqual(["cröss", first]);
      }),
    );
  });

  it("says what is wrong", () => {
    const good = frameOf({ ...PLACE, kind: "keys", rows: [0, 2] }, Float32Array.of(1, 2));
    expect(() => decodeVectors(shifted(good.subarray(0, good.length - 8), 0))).toThrow(/Frame 0 at byte 0.*bytes/);
    const kind = frameOf({ ...PLACE, kind: "values" as never, rows: [0, 2] }, Float32Array.of(1, 2));
    expect(() => decodeVectors(shifted(together(good, kind), 0))).toThrow("Frame 1 at byte");
    expect(() => decodeVectors(shifted(kind, 0))).toThrow('its kind is "values"');
    const rows = frameOf({ ...PLACE, kind: "keys", rows: [3, 2] }, Float32Array.of(1));
    expect(() => decodeVectors(shifted(rows, 0))).toThrow(/rows|shape/);
  });
});

describe("joinVectors", () => {
  const keys = frameOf({ ...PLACE, head: 0, kind: "keys", rows: [0, 3] }, Float32Array.of(1, 2, 3, 4, 5, 6));
  const queries = (from: number, to: number) =>
    frameOf(
      { ...PLACE, kind: "queries", rows: [from, to], rule: PLAIN_RULE },
      Float32Array.from({ length: 2 * (to - from) }, (_, at) => 10 * from + at),
    );
  const join = (asked: [number, number], ...frames: Uint8Array[]) =>
    joinVectors(decodeVectors(shifted(together(...frames), 4)), request(asked), 3);

  it("takes the requested rows from frames in any order", () => {
    const found = join([1, 4], queries(3, 6), keys, queries(0, 3));
    expect([...found.queries]).toEqual([2, 3, 4, 5, 30, 31]);
    expect([...found.keys]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([found.headDim, found.rows, found.numKeys]).toEqual([2, [1, 4], 3]);
    expect([found.bias, found.hidden, found.weights]).toEqual([null, null, null]);
  });

  it("ignores other heads and layers, and finds the keys of the head's KV head", () => {
    const other = frameOf(
      { ...PLACE, head: 2, kind: "queries", rows: [0, 1], rule: PLAIN_RULE },
      Float32Array.of(7, 7),
    );
    const layer = frameOf({ ...PLACE, layer: 5, kind: "bias", rows: [0, 1] }, Float32Array.of(9, 9, 9));
    const hidden = frameOf({ ...PLACE, kind: "hidden", rows: [0, 1] }, Uint8Array.of(0, 1, 1));
    const found = join([0, 1], other, layer, keys, hidden, queries(0, 1));
    expect([...found.queries]).toEqual([0, 1]);
    expect(found.bias).toBeNull();
    expect([...(found.hidden ?? [])]).toEqual([0, 1, 1]);
  });

  it("says what is missing", () => {
    expect(() => join([0, 1], keys)).toThrow("lacks the queries of layer 2, head 1");
    expect(() => join([0, 4], keys, queries(0, 2))).toThrow("lacks row 2 of the queries");
    expect(() => join([0, 1], queries(0, 1))).toThrow("lacks row 0 of the keys");
  });
});

describe("bandOf", () => {
  it("holds the query, stays within the map, and is the same for all of its queries", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 5000 }), fc.nat(), (numKeys, numQueries, pick) => {
        const query = pick % numQueries;
        const [start, stop] = bandOf(query, numQueries, numKeys);
        expect(start <= query && query < stop && stop <= numQueries).toBe(true);
        expect((stop - start) * numKeys <= 1 << 20 || stop - start === 1).toBe(true);
        expect(bandOf(start, numQueries, numKeys)).toEqual([start, stop]);
        expect(bandOf(stop - 1, numQueries, numKeys)).toEqual([start, stop]);
      }),
    );
  });

  it("is the whole input if that has ordinary length", () => {
    expect(bandOf(77, 512, 512)).toEqual([0, 512]);
  });
});

describe("vectorCache", () => {
  const keyOf = (head: number) => vectorKey({ ...request([0, 1]), head });
  const vectors = (): HeadVectors => headVectors([[1, 2]], [[1, 2]]);

  it("keeps the most recently used within its limit", () => {
    const cache = vectorCache(2 * 16);
    cache.set(keyOf(0), vectors());
    cache.set(keyOf(1), vectors());
    expect(cache.get(keyOf(0))).toBeDefined();
    cache.set(keyOf(2), vectors());
    expect([0, 1, 2].map((head) => cache.get(keyOf(head)) !== undefined)).toEqual([true, false, true]);
    expect(cache.bytes).toBe(32);
    cache.set(keyOf(2), vectors());
    expect(cache.bytes).toBe(32);
  });

  it("does not cache vectors larger than its limit", () => {
    const cache = vectorCache(15);
    cache.set(keyOf(0), vectors());
    expect([cache.get(keyOf(0)), cache.bytes]).toEqual([undefined, 0]);
  });
});
