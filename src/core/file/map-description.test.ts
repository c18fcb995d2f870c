import { expect, test } from "vitest";
import type { MapDescription } from "../../contract.gen";
import { Fields } from "./fields";
import { readMapDescription, withoutKeyFields } from "./map-description";

const SEGMENTS = [{ name: "user", start: 1, stop: 3 }];
const SELF: MapDescription = {
  ...{ name: "self", label: "Self", num_layers: 1, num_heads: [2], sentence_b_start: null, no_vectors: [""] },
  ...{ query_tokens: ["a", "b", "c"], key_tokens: ["a", "b", "c"], query_special: [0], key_special: [0] },
  ...{ query_words: [-1, 0, 0], key_words: [-1, 0, 0], query_segments: SEGMENTS, key_segments: [...SEGMENTS] },
};

const read = (description: MapDescription) =>
  readMapDescription(new Fields(JSON.parse(JSON.stringify(description)), "A map"));

test("a map whose keys are its queries survives the round trip", () => {
  const kept = withoutKeyFields(SELF);
  expect(Object.keys(kept).filter((name) => name.startsWith("key_"))).toEqual([]);
  expect(read(kept)).toEqual(SELF);
});

test("every difference between the sides is kept", () => {
  for (const part of ["tokens", "special", "words", "segments"] as const) {
    const other = { key_tokens: ["a", "b"], key_special: [], key_words: null, key_segments: [] };
    const description: MapDescription = { ...SELF, [`key_${part}`]: other[`key_${part}`] };
    expect(withoutKeyFields(description)).toBe(description);
  }
});
