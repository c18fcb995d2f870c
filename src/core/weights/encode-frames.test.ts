import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBlocks, headsOf } from "./blocks";
import { encodeBlock, encodeVectors } from "./encode-frames";
import { float16Of } from "./codecs/float16";
import { weightAt } from "./head-weights";
import { tableOf } from "./codecs/tables";
import { joinVectors } from "./vectors";
import { decodeVectors } from "./vector-frames";

const place = { kind: "block" as const, map: "self", layer: 2, heads: [1], numQueries: 2, numKeys: 3 };

function head(weights: readonly number[]) {
  const codes = Uint16Array.from(weights, float16Of);
  return { numQueries: 2, numKeys: 3, codes, table: tableOf("float16"), dtype: "float16" as const };
}

describe("an encoded block", () => {
  it("is read back unchanged, in float16", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0, max: 1 }), { minLength: 6, maxLength: 6 }), (weights) => {
        const [block] = decodeBlocks(encodeBlock([head(weights)], place, "float16"));
        expect(block?.header).toMatchObject({ map: "self", layer: 2, heads: [1], dtype: "float16" });
        expect([...(block?.codes ?? [])]).toEqual([...head(weights).codes]);
      }),
    );
  });

  it("is read back within half a step of sqrt8, and stays missing where it was", () => {
    const weights = [0, 1, 0.5, 0.0001, Number.NaN, 0.25];
    const [block] = decodeBlocks(encodeBlock([head(weights)], place, "sqrt8"));
    const [found] = headsOf(block as never);
    for (const [at, weight] of weights.entries()) {
      const read = weightAt(found?.weights as never, Math.floor(at / 3), at % 3);
      if (Number.isNaN(weight)) expect(read).toBeNaN();
      else expect(Math.abs(Math.sqrt(read) - Math.sqrt(weight))).toBeLessThanOrEqual(0.5 / 254 + 1e-3);
    }
  });

  it("stays in float16 if a weight lies outside of 0 to 1", () => {
    const [block] = decodeBlocks(encodeBlock([head([0, 2, 0, 0, 0, 0])], place, "sqrt8"));
    expect(block?.header.dtype).toBe("float16");
  });
});

it("a head's vectors are read back unchanged", () => {
  const rule = { scaling: 0.5, softcap: null, sink: null, num_heads: 4, num_kv_heads: 2, kv_head: 1, rotary: false };
  const vectors = {
    rule,
    rows: [0, 2] as [number, number],
    numKeys: 3,
    headDim: 2,
    queries: Float32Array.of(1, 2, 3, 4),
    keys: Float32Array.of(1, 2, 3, 4, 5, 6),
    bias: null,
    hidden: Uint8Array.of(0, 1, 1, 0, 0, 1),
    weights: Float32Array.of(1, 0, 0, 0.5, 0.5, 0),
  };
  const frames = encodeVectors(vectors, { map: "self", layer: 0, head: 3 }).flatMap((frame) =>
    decodeVectors(frame.buffer),
  );
  expect(joinVectors(frames, { map: "self", layer: 0, head: 3, queries: [0, 2] }, 3)).toEqual(vectors);
});
