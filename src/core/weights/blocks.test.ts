import fc from "fast-check";
import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import type { BlockHeader, ExcerptHeader } from "../../contract.gen";
import { decodeBlocks, decodeFrames, headsOf } from "./blocks";
import { weightAt } from "./head-weights";

interface Block {
  header: BlockHeader;
  codes: number[];
}

/** Encodes blocks as `contract.py` specifies. */
function encode(...blocks: Block[]): Uint8Array {
  return new Uint8Array(
    blocks.flatMap(({ header, codes }) => {
      const text = [...new TextEncoder().encode(JSON.stringify(header))];
      const bytes = header.dtype === "float16" ? codes.flatMap((code) => [code & 255, code >> 8]) : codes;
      const padded = pad(text, 32);
      const length = new Uint8Array(new Uint32Array([padded.length]).buffer);
      return [0x48, 0x53, 0x42, 0x31, ...length, ...padded, ...pad(bytes, 0)];
    }),
  );
}

function pad(bytes: number[], filler: number): number[] {
  return [...bytes, ...new Array(-bytes.length & 7).fill(filler)];
}

function header(changes: Partial<BlockHeader> = {}): BlockHeader {
  return {
    kind: "block",
    map: "self",
    layer: 2,
    heads: [0],
    queries: [0, 2],
    keys: [0, 3],
    shape: [1, 2, 3],
    dtype: "float16",
    missing: 0,
    ...changes,
  };
}

const anyBlock: fc.Arbitrary<Block> = fc
  .record({
    kind: fc.constantFrom("block" as const, "overview" as const),
    map: fc.string({ unit: "grapheme" }),
    layer: fc.nat(100),
    heads: fc.array(fc.nat(40), { maxLength: 4 }),
    first: fc.nat(20),
    rows: fc.nat(6),
    columns: fc.nat(6),
    dtype: fc.constantFrom("float16" as const, "sqrt8" as const),
  })
  .chain(({ first, rows, columns, ...rest }) => {
    const shape = [rest.heads.length, rows, columns];
    const length = shape.reduce((product, size) => product * size, 1);
    return fc
      .array(fc.nat(rest.dtype === "float16" ? 65535 : 255), { minLength: length, maxLength: length })
      .map((codes) => ({
        header: { ...rest, queries: [first, first + rows], keys: [0, columns], shape, missing: 0 },
        codes,
      }));
  });

/** A copy of the bytes at an offset in a larger buffer, as messages bring them. */
function shifted(bytes: Uint8Array, offset: number): DataView {
  const buffer = new Uint8Array(bytes.length + offset + 5).fill(0xaa);
  buffer.set(bytes, offset);
  return new DataView(buffer.buffer, offset, bytes.length);
}

describe("decodeBlocks", () => {
  it("reads exact bytes", () => {
    const text = '{"kind":"block","map":"self","layer":1,"heads":[3],"queries":[0,1],"keys":[0,2],"shape":[1,1,2],';
    const rest = '"dtype":"float16","missing":1}';
    const json = (text + rest).padEnd(128, " ");
    const bytes = Uint8Array.from([
      ...[0x48, 0x53, 0x42, 0x31, 128, 0, 0, 0],
      ...new TextEncoder().encode(json),
      ...[0x00, 0x38, 0x00, 0x7e, 0, 0, 0, 0],
    ]);
    const [block, ...others] = decodeBlocks(bytes);
    expect(others).toEqual([]);
    expect(block?.header).toEqual(JSON.parse(json));
    expect(block?.codes).toEqual(Uint16Array.of(0x3800, 0x7e00));
    const [first] = headsOf(block as NonNullable<typeof block>);
    expect(first?.head).toBe(3);
    expect(weightAt(first?.weights as never, 0, 0)).toBe(0.5);
    expect(weightAt(first?.weights as never, 0, 1)).toBeNaN();
  });

  it("reads any sequence of blocks, at any offset of a buffer", () => {
    fc.assert(
      fc.property(fc.array(anyBlock, { maxLength: 3 }), fc.nat(9), (blocks, offset) => {
        const decoded = decodeBlocks(shifted(encode(...blocks), offset));
        expect(decoded.map((block) => ({ header: block.header, codes: [...block.codes] }))).toEqual(blocks);
      }),
    );
  });

  it("copies only unaligned data", () => {
    const bytes = encode({ header: header(), codes: [1, 2, 3, 4, 5, 6] });
    const aligned = shifted(bytes, 2);
    expect(decodeBlocks(aligned)[0]?.codes.buffer).toBe(aligned.buffer);
    expect(decodeBlocks(shifted(bytes, 1))[0]?.codes.buffer.byteLength).toBe(12);
    const small = shifted(encode({ header: header({ dtype: "sqrt8" }), codes: [1, 2, 3, 4, 5, 6] }), 1);
    expect(decodeBlocks(small)[0]?.codes.buffer).toBe(small.buffer);
  });

  it("takes an ArrayBuffer, and returns nothing for no blocks", () => {
    const bytes = encode({ header: header(), codes: [1, 2, 3, 4, 5, 6] });
    expect(decodeBlocks(bytes.buffer as ArrayBuffer)).toHaveLength(1);
    expect(decodeBlocks(new ArrayBuffer(0))).toEqual([]);
  });

  it.each<[string, Partial<Record<keyof BlockHeader, unknown>>, RegExp]>([
    ["kind", { kind: "blok" }, /its kind is "blok"/],
    ["dtype", { dtype: "float32" }, /its dtype is "float32"/],
    ["map", { map: 3 }, /its map is 3/],
    ["layer", { layer: -1 }, /its layer is -1/],
    ["missing count", { missing: 0.5 }, /its missing is 0.5/],
    ["heads", { heads: ["0"] }, /its heads are \["0"\]/],
    ["queries", { queries: [2, 0] }, /its queries are \[2,0\]/],
    ["keys", { keys: [0] }, /its keys are \[0\]/],
    ["shape", { shape: [1, 6] }, /its shape is \[1,6\]/],
    ["a shape unlike the ranges", { shape: [1, 3, 2] }, /its shape \[1,3,2\] does not fit .* \[1,2,3\]/],
    ["heads unlike the shape", { heads: [0, 1] }, /does not fit/],
    ["more bins than positions", { kind: "overview", shape: [1, 2, 4] }, /does not fit/],
    ["a missing field", { layer: undefined }, /its layer is missing/],
  ])("refuses a wrong %s and says so", (_, changes, message) => {
    const bytes = encode({ header: { ...header(), ...changes } as BlockHeader, codes: [1, 2, 3, 4, 5, 6] });
    expect(() => decodeBlocks(bytes)).toThrow(message);
  });

  it("says which block is wrong, and where", () => {
    const good = encode({ header: header(), codes: [1, 2, 3, 4, 5, 6] });
    const bytes = Uint8Array.from([...good, ...new TextEncoder().encode("PK345678")]);
    expect(() => decodeBlocks(bytes)).toThrow(
      `Block 1 at byte ${good.length} of ${good.length + 8} can't be read: it starts with "PK34" instead of "HSB1".`,
    );
  });

  it("accepts an overview with fewer bins than positions", () => {
    const overview = header({ kind: "overview", queries: [0, 200], keys: [0, 100], shape: [1, 2, 3] });
    expect(decodeBlocks(encode({ header: overview, codes: [1, 2, 3, 4, 5, 6] }))).toHaveLength(1);
  });

  it("never takes a part of a block for the whole", () => {
    fc.assert(
      fc.property(anyBlock, fc.nat(), (block, cut) => {
        const bytes = encode(block);
        const length = 1 + (cut % (bytes.length - 1));
        expect(() => decodeBlocks(shifted(bytes.subarray(0, length), 0))).toThrow(/^Block 0 at byte 0 of/);
      }),
    );
  });

  it("answers damaged bytes with its own error or with blocks of the right size", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(anyBlock, { minLength: 1, maxLength: 2 }), damage, (blocks, changes) => {
        const bytes = encode(...blocks);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        let decoded: ReturnType<typeof decodeBlocks>;
        try {
          decoded = decodeBlocks(shifted(bytes, 3));
        } catch (error) {
          expect((error as Error).message).toMatch(/^Block \d+ at byte \d+ of \d+ can't be read: /);
          return;
        }
        for (const block of decoded) {
          expect(block.codes).toHaveLength(block.header.shape.reduce((product, size) => product * size, 1));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("packed frames", () => {
  const anyExcerpt = fc
    .record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }), isByte: fc.boolean() })
    .chain(({ rows, columns, isByte }) => {
      const codes = fc.array(fc.nat(isByte ? 255 : 65535), { minLength: rows * columns, maxLength: rows * columns });
      return codes.map((codes) => ({ rows, columns, isByte, codes }));
    });

  const frameOf = (
    { rows, columns, isByte, codes }: { rows: number; columns: number; isByte: boolean; codes: readonly number[] },
    changes: Partial<ExcerptHeader> = {},
  ) => {
    const low = codes.map((code) => code & 255);
    const packed = zlibSync(Uint8Array.from(isByte ? low : [...low, ...codes.map((code) => code >> 8)]));
    const header: ExcerptHeader = {
      ...{ kind: "excerpt", map: "self", layer: 1, heads: [2], queries: [0, rows], keys: [0, columns] },
      ...{ shape: [1, rows, columns], dtype: isByte ? "sqrt8" : "decimal16", missing: 0, packed: packed.length },
      ...changes,
    };
    const text = pad([...new TextEncoder().encode(JSON.stringify(header))], 32);
    const length = new Uint8Array(new Uint32Array([text.length]).buffer);
    return [...new TextEncoder().encode("HSB1"), ...length, ...text, ...pad([...packed], 0)];
  };
  const decode = (bytes: readonly number[], offset = 0) =>
    decodeFrames(shifted(Uint8Array.from(bytes), offset), ["excerpt"]);

  it("are read one after another, at any offset", () => {
    fc.assert(
      fc.property(fc.array(anyExcerpt, { minLength: 1, maxLength: 3 }), fc.nat(9), (frames, offset) => {
        const found = decode(
          frames.flatMap((frame) => frameOf(frame)),
          offset,
        );
        expect(found.map(({ codes }) => [...codes])).toEqual(frames.map(({ codes }) => codes));
      }),
    );
  });

  it("are refused if they hold more or less than their shape, or are not packed at all", () => {
    const frame = { rows: 2, columns: 3, isByte: true, codes: [1, 2, 3, 4, 5, 6] };
    const shaped = (rows: number, columns: number) => ({
      ...{ queries: [0, rows], keys: [0, columns], shape: [1, rows, columns] },
    });
    expect(() => decode(frameOf(frame, shaped(2, 4)))).toThrow("its packed payload has 6 bytes, not 8");
    // Unpacking writes only to the memory of its shape.
    expect([...(decode(frameOf(frame, shaped(2, 2)))[0]?.codes ?? [])]).toEqual([1, 2, 3, 4]);
    expect(() => decode(frameOf(frame, shaped(100_000, 100_000)))).toThrow("packed bytes can't hold the 10000000000");
    expect(() => decode(frameOf(frame, { packed: -1 }))).toThrow("its packed is -1, not a whole number");
    expect(() => decode(frameOf(frame, { packed: 90 }))).toThrow("its payload needs 96 bytes");
    const damaged = frameOf(frame);
    for (let at = damaged.length - 16; at < damaged.length; at++) damaged[at] = 0xff;
    expect(() => decode(damaged)).toThrow(/^Block 0 at byte 0 of \d+ can't be read: its payload can't be unpacked \(/);
  });
});

describe("headsOf", () => {
  it("gives each head its own part of the block", () => {
    const codes = Array.from({ length: 12 }, (_, index) => index);
    const two = header({ heads: [5, 1], shape: [2, 2, 3], dtype: "sqrt8" });
    const [block] = decodeBlocks(encode({ header: two, codes }));
    const heads = headsOf(block as NonNullable<typeof block>);
    expect(heads.map(({ head }) => head)).toEqual([5, 1]);
    expect(heads.map(({ weights }) => [...weights.codes])).toEqual([codes.slice(0, 6), codes.slice(6)]);
    for (const { weights } of heads) {
      expect(weights.codes.buffer).toBe(block?.codes.buffer);
      expect(weights).toMatchObject({ numQueries: 2, numKeys: 3, dtype: "sqrt8" });
    }
  });
});
