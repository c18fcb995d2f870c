import { describe, expect, it } from "vitest";
import type { MapDescription, PairFilter } from "../../contract.gen";
import { attentionOptions, attentionValue, pairRanges } from "./sentence-pair";

function description(changes: Partial<MapDescription> = {}): MapDescription {
  const tokens = Array.from({ length: 7 }, (_, position) => `t${position}`);
  return {
    name: "self",
    label: "Self",
    num_layers: 1,
    num_heads: [1],
    query_tokens: tokens,
    key_tokens: tokens,
    query_special: [],
    key_special: [],
    query_words: null,
    key_words: null,
    query_segments: [],
    key_segments: [],
    sentence_b_start: 4,
    no_vectors: [""],
    ...changes,
  };
}

describe("pairRanges", () => {
  it.each<[PairFilter, [number, number], [number, number]]>([
    ["all", [0, 7], [0, 7]],
    ["aa", [0, 4], [0, 4]],
    ["bb", [4, 7], [4, 7]],
    ["ab", [0, 4], [4, 7]],
    ["ba", [4, 7], [0, 4]],
  ])("of %s", (pair, queries, keys) => {
    expect(pairRanges(description(), pair)).toEqual({ queries, keys });
  });

  it("shows everything if there is no second sentence", () => {
    const all = { queries: [0, 7], keys: [0, 7] };
    expect(pairRanges(description({ sentence_b_start: null }), "ab")).toEqual(all);
  });

  it("stays within the tokens", () => {
    const ranges = pairRanges(description({ sentence_b_start: 9 }), "ab");
    expect(ranges).toEqual({ queries: [0, 7], keys: [7, 7] });
  });
});

describe("attentionOptions", () => {
  it("is one entry for one map without a pair", () => {
    const options = attentionOptions([description({ sentence_b_start: null })]);
    expect(options).toEqual([{ value: "self:all", label: "All", map: "self", pair: "all" }]);
  });

  it("lists a sentence pair's filters", () => {
    expect(attentionOptions([description()]).map(({ label, pair }) => [pair, label])).toEqual([
      ["all", "All"],
      ["aa", "A → A"],
      ["bb", "B → B"],
      ["ab", "A → B"],
      ["ba", "B → A"],
    ]);
  });

  it("lists maps by their labels", () => {
    const names = ["encoder", "decoder", "cross"];
    const maps = names.map((name) => description({ name, label: `${name}!`, sentence_b_start: null }));
    expect(attentionOptions(maps).map(({ label, map }) => [map, label])).toEqual([
      ["encoder", "encoder!"],
      ["decoder", "decoder!"],
      ["cross", "cross!"],
    ]);
  });

  it("names the map of a filter if there are several maps", () => {
    const maps = [
      description({ name: "encoder", label: "Encoder" }),
      description({ name: "cross", sentence_b_start: null }),
    ];
    const options = attentionOptions(maps);
    expect(options.map(({ label }) => label)).toContain("Encoder: A → B");
    expect(new Set(options.map(({ value }) => value)).size).toBe(6);
    for (const { value, map, pair } of options) expect(attentionValue(map, pair)).toBe(value);
  });
});
