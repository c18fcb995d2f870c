import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holdingOf, readSnapshot } from "./snapshot";

const map = {
  name: "self",
  label: "Self",
  num_layers: 6,
  num_heads: [2, 2, 2, 2, 2, 2],
  query_tokens: ["<b>", "a"],
  key_tokens: ["<b>", "a"],
  query_special: [0],
  key_special: [],
  query_words: null,
  key_words: null,
  query_segments: [],
  key_segments: [],
  sentence_b_start: null,
  no_vectors: ["", "", "", "", "", ""],
};
const part = (layer: number, changes = {}) => ({
  ...{ kind: "block", map: "self", layer, heads: [0, 1], data: "" },
  ...changes,
});
const snapshot = (changes = {}) => ({
  ...{ view: "head", name: "n", maps: [map], limit: 1000, drawn_by: "kernel" },
  ...{ state: { map: "self", layer: 3, heads: [1], include_layers: [] }, parts: [part(3)] },
  ...changes,
});

describe("a snapshot from a notebook", () => {
  it("keeps the valid values of its state, and defaults for the rest", () => {
    const state = { map: "other", layer: -1, heads: "all", threshold: 7, tab: "constructor", include_layers: [2] };
    expect(readSnapshot(snapshot({ state })).state).toMatchObject({
      ...{ map: "self", layer: 0, heads: null, threshold: null, tab: "heads", include_layers: [2] },
    });
    expect(readSnapshot(snapshot()).state).toMatchObject({ layer: 3, heads: [1] });
  });

  it.each([
    ["no maps", { maps: [] }],
    ["an unknown view", { view: "__proto__" }],
    ["a layer for each of a billion", { maps: [{ ...map, num_layers: 1e9 }] }],
    ["a billion heads", { maps: [{ ...map, num_heads: [2, 2, 2, 2, 2, 1e9] }] }],
    ["a part of another map", { parts: [part(0, { map: "cross" })] }],
    ["a part of no layer", { parts: [part(6)] }],
    ["a part of no head", { parts: [part(0, { heads: [2] })] }],
    ["layers that are not there", { state: { include_layers: [9] } }],
    ["no state", { state: null }],
  ])("is refused with %s", (_, changes) => {
    expect(() => readSnapshot(snapshot(changes))).toThrow(Error);
  });

  it("is read or refused, whatever it contains", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(snapshot())), fc.jsonValue(), (name, value) => {
        try {
          expect(readSnapshot(snapshot({ [name]: value })).maps.length).toBeGreaterThan(0);
        } catch (error) {
          expect((error as Error).message).toMatch(/^This file is damaged\./);
        }
      }),
    );
  });
});

describe("the parts that a snapshot holds", () => {
  it.each([
    [[0, 1, 2, 3, 4, 5], ""],
    [[3], "layer 3 of 6"],
    [[5, 0, 3, 4], "layers 0, 3–5 of 6"],
    [[], "the overview alone"],
  ])("are described for layers %j as %j", (layers, words) => {
    expect(holdingOf(readSnapshot(snapshot({ parts: layers.map((layer) => part(layer)) })), "self")).toBe(words);
  });
});
