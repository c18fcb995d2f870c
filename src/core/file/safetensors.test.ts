import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { f32, framed, safetensorsFile, u8 } from "../../../testing/safetensors";
import { type ByteReader, MemoryReader } from "./byte-reader";
import { parseHeader, readSafetensors } from "./safetensors";

const never = new AbortController().signal;
const read = (bytes: Uint8Array) => readSafetensors(new MemoryReader(bytes), never);

const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });
const file = (header: unknown, dataBytes: number) => framed(JSON.stringify(header), dataBytes);

describe("readSafetensors", () => {
  it("finds tensors and metadata under any name", async () => {
    const bytes = safetensorsFile(
      { "layer.0": f32([2, 3], [1, 2, 3, 4, 5, 6]), ["__proto__"]: u8([3], [1, 2, 3]), constructor: u8([0, 4], []) },
      { format: "any", toString: "text" },
    );
    const { tensors, metadata } = await read(bytes);
    const dataStart = bytes.length - 32; // 24 bytes, then 3 and their padding
    expect(tensors.get("layer.0")).toEqual({
      name: "layer.0",
      dtype: "F32",
      shape: [2, 3],
      start: dataStart,
      stop: dataStart + 24,
    });
    expect(tensors.get("constructor")?.shape).toEqual([0, 4]);
    expect([...metadata]).toEqual([
      ["format", "any"],
      ["toString", "text"],
    ]);
    expect(tensors.get("hasOwnProperty")).toBeUndefined();
  });

  it("reads a tensor named like a property of Object.prototype", async () => {
    const { tensors } = await read(framed('{"__proto__": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}}', 2));
    expect(tensors.get("__proto__")?.shape).toEqual([2]);
  });

  it("reads a long header in two reads, even if the first ends within a character", async () => {
    const name = `${"x".repeat(131_000)}${"ü".repeat(200)}`;
    const bytes = safetensorsFile({ [name]: u8([1], [7]) }, {});
    const reads: number[] = [];
    const memory = new MemoryReader(bytes);
    const reader: ByteReader = {
      size: bytes.length,
      read: (start, stop, signal) => {
        reads.push(stop - start);
        return memory.read(start, stop, signal);
      },
    };
    expect((await readSafetensors(reader, never)).tensors.has(name)).toBe(true);
    expect(reads).toHaveLength(2);
    expect(reads.reduce((a, b) => a + b)).toBeLessThan(bytes.length);
  });

  const claims = (length: bigint, size = 64) => {
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return bytes;
  };

  it.each([
    ["an empty file", new Uint8Array(0), /only 0 bytes long/],
    ["a file of four bytes", new Uint8Array(4), /only 4 bytes long/],
    ["a header of exabytes", claims(2n ** 63n), /does not start as a safetensors file does/],
    ["a header longer than the file", claims(1000n), /cut off: its header takes 1000 bytes, and the whole file has 64/],
    ["a picture", Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0xd, 0xa, 0x1a, 0xa, 0, 0]), /does not start as/],
    ["a header that is not text", (() => framed("{}", 0).fill(0xff, 8))(), /not UTF-8 text/],
    ["a header that is not JSON", framed("{", 0), /not JSON/],
    ["NaN in the header", framed('{"a": NaN}', 0), /not JSON/],
    ["a list for a header", framed("[]", 0), /not a JSON object/],
    ["metadata of numbers", file({ __metadata__: { a: 1 } }, 0), /has values that are not strings/],
    ["a tensor that is a string", file({ a: "b" }, 0), /tensor "a" has the unknown dtype missing/],
    ["an unknown dtype", file({ a: entry("toString", [1], [0, 1]) }, 1), /unknown dtype "toString"/],
    ["a negative extent", file({ a: entry("U8", [-1], [0, 1]) }, 1), /has the shape \[-1\]/],
    ["half an extent", file({ a: entry("U8", [0.5], [0, 1]) }, 1), /has the shape \[0.5\]/],
    [
      "an extent beyond all numbers",
      framed('{"a": {"dtype": "U8", "shape": [1e999], "data_offsets": [0, 1]}}', 1),
      /shape/,
    ],
    ["three offsets", file({ a: entry("U8", [1], [0, 1, 1]) }, 1), /has the offsets \[0,1,1\]/],
    ["a shape of terabytes", file({ a: entry("F32", [2 ** 40, 2 ** 40], [0, 4]) }, 4), /has 4 bytes, but F32 of shape/],
    ["offsets that run backwards", file({ a: entry("U8", [0], [4, 0]) }, 4), /has -4 bytes/],
    ["data that is cut off", file({ a: entry("U8", [9], [0, 9]) }, 4), /cut off: it has 68 bytes of the 73/],
    [
      "tensors that overlap",
      file({ a: entry("U8", [4], [0, 4]), b: entry("U8", [4], [2, 6]) }, 6),
      /"b" does not start where the one before it ends/,
    ],
    [
      "a gap between tensors",
      file({ a: entry("U8", [2], [0, 2]), b: entry("U8", [2], [4, 6]) }, 6),
      /"b" does not start/,
    ],
    ["bytes after the last tensor", file({ a: entry("U8", [2], [0, 2]) }, 6), /last 4 bytes belong to no tensor/],
  ])("refuses %s with a message for users", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
    await expect(read(bytes)).rejects.toThrow(
      /^This (file|is) .* (again with capture\.save\(\)|that capture\.save\(\) wrote)\.$/,
    );
  });

  it("rejects if the file has become shorter meanwhile", async () => {
    const bytes = safetensorsFile({ a: u8([1], [7]) }, {});
    const memory = new MemoryReader(bytes.subarray(0, 20));
    const reader: ByteReader = { size: bytes.length, read: (...args) => memory.read(...args) };
    await expect(readSafetensors(reader, never)).rejects.toThrow("close it and open it again");
  });

  /** Asserts that every failure is an error for users, never one of JavaScript itself. */
  const clear = async (bytes: Uint8Array): Promise<void> => {
    let read = 0;
    const memory = new MemoryReader(bytes);
    const reader: ByteReader = {
      size: bytes.length,
      read: (start, stop, signal) => {
        expect([start >= 0, stop <= bytes.length]).toEqual([true, true]);
        read += stop - start;
        return memory.read(start, stop, signal);
      },
    };
    try {
      const { tensors } = await readSafetensors(reader, never);
      for (const { start, stop } of tensors.values())
        expect([start <= stop, stop <= bytes.length]).toEqual([true, true]);
    } catch (error) {
      expect((error as Error).message).toMatch(/^This (file|is) .*\.$/s);
    }
    expect(read).toBeLessThanOrEqual(bytes.length);
  };

  it("takes any bytes without harm", () => fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), clear)));

  it("takes any JSON for a header without harm", () =>
    fc.assert(fc.asyncProperty(fc.json(), fc.nat(40), (text, dataBytes) => clear(framed(text, dataBytes)))));

  it("takes any entries without harm", () => {
    const size = fc.oneof(fc.nat(9), fc.integer(), fc.constantFrom(2 ** 53, 2 ** 60, -0, 0.5, null, "4"));
    const tensor = fc.record(
      {
        dtype: fc.constantFrom("F32", "F16", "U8", "I64", "BOOL", "F4"),
        shape: fc.array(size, { maxLength: 3 }),
        data_offsets: fc.array(size, { minLength: 2, maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "__metadata__", "a")), tensor);
    return fc.assert(
      fc.asyncProperty(header, fc.nat(40), (value, dataBytes) => clear(framed(JSON.stringify(value), dataBytes))),
    );
  });

  it("takes a file with changed or missing bytes without harm", () => {
    const good = safetensorsFile({ a: f32([2, 2], [1, 2, 3, 4]), b: u8([3], [1, 2, 3]) }, { format: "headscope" });
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    return fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.nat(good.length), (changes, length) => {
        const bytes = good.slice(0, length);
        for (const [at, value] of changes) bytes[at % Math.max(1, length)] = value;
        return clear(bytes);
      }),
    );
  });
});

describe("parseHeader", () => {
  it("shortens a hostile name in an error message", () => {
    const text = JSON.stringify({ ["x".repeat(1e6)]: 1 });
    expect(() => parseHeader(text, 8, 8)).toThrow(/^This .{1,300}$/);
  });
});
