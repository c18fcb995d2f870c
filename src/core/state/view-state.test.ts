import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import type { SnapshotState } from "../../contract.gen";
import type { PictureExporter } from "../look/picture-export";
import { localContext } from "./local-context";
import type { Source } from "./source";
import { startOf, startOfFile, stateOf, type ViewState } from "./view-state";

const MAPS = ["self", "cross"].map((name) => ({
  ...{ name, label: name, num_layers: 3, num_heads: [2, 2, 2], query_tokens: ["a"], key_tokens: ["a"] },
  ...{ query_special: [], key_special: [], query_words: null, key_words: null },
  ...{ query_segments: [], key_segments: [], sentence_b_start: null },
  no_vectors: ["", "", ""],
}));

const { include_layers: _, ...START } = startOf(MAPS, null);

const MOVED: ViewState = {
  ...START,
  ...{ map: "cross", layer: 2, heads: [1], query: 3, key: 0, pair: "ab", theme: "dark" },
  ...{ include_heads: [0, 1], detail: true, tab: "matrix", scale: "log", gain: 2.5, color_map: "blues" },
  ...{ combine: "mean", pool: "mean", threshold: 0.1, top_k: 3 },
  ...{ hide_special: true, hide_sink: true, merge_words: true, merge_segments: true },
  ...{ open_segments: [0, 2], direction: "in", search: "cat" },
};

function contextOf(state: SnapshotState) {
  const [name, maps, status] = [signal("Tiny"), signal(MAPS), signal("file" as const)];
  return localContext(state, { name, maps, status, source: {} as Source, pictureExporter: {} as PictureExporter });
}

test("a view is restored as the reader left it", () => {
  expect(stateOf(contextOf(startOf(MAPS, JSON.parse(JSON.stringify(MOVED)))))).toEqual(MOVED);
});

test("a view begins with the first map and all heads of its first layer", () => {
  for (const nothing of [null, undefined, "text", 3, [], {}]) {
    expect(startOf(MAPS, nothing)).toMatchObject({ map: "self", layer: 0, heads: null, tab: "heads" });
  }
});

test("each invalid value is dropped on its own", () => {
  const odd = {
    ...{ map: "decoder", layer: -1, heads: [], query: 0.5, key: "1", pair: "cc", theme: "pink", include_heads: [-1] },
    ...{ detail: 1, tab: "constructor", scale: "cube", gain: 0, color_map: "rainbow", combine: null, pool: "min" },
    ...{ threshold: 1, top_k: 0, hide_special: "yes" },
    ...{ hide_sink: null, merge_words: 0, merge_segments: 1, open_segments: [0, -1], direction: "up", search: 7 },
    ...{ include_layers: [1], __proto__: { layer: 2 } },
  };
  expect(startOf(MAPS, odd)).toEqual(startOf(MAPS, null));
  expect(startOf(MAPS, { ...odd, layer: 1 })).toEqual({ ...startOf(MAPS, null), layer: 1 });
});

test("a file of a long text opens with one head, unless the reader left it otherwise", () => {
  const tokens = Array.from({ length: 600 }, (_, at) => `t${at}`);
  const long = MAPS.map((map) => ({ ...map, query_tokens: tokens, key_tokens: tokens }));
  expect(startOfFile(long, null).heads).toEqual([0]);
  expect(startOfFile(long, { heads: null, layer: 1 }).heads).toBeNull();
  expect(startOfFile(MAPS, null)).toEqual(startOf(MAPS, null));
});
