import { expect, test } from "vitest";
import { mapDescription } from "../../../testing/view";
import { type TitledPlace, viewTitle } from "./view-title";

const MAP = mapDescription(["a", "b", "c"], { sentence_b_start: 1 });
const PLACE: TitledPlace = { name: "Tiny", map: MAP, isOneOfMaps: false, pair: "all", layer: 2, heads: [0, 1, 2, 3] };

test.each<[Partial<TitledPlace>, string]>([
  [{}, "Tiny, self-attention, layer 2, all 4 heads"],
  [{ heads: [3] }, "Tiny, self-attention, layer 2, head 3"],
  [{ heads: [1, 3] }, "Tiny, self-attention, layer 2, heads 1, 3"],
  [{ layer: null }, "Tiny, self-attention, all layers"],
  [{ pair: "ab", heads: [0] }, "Tiny, self-attention, A → B, layer 2, head 0"],
  [
    { map: { ...MAP, label: "Cross", name: "cross" }, isOneOfMaps: true },
    "Tiny, Cross attention, layer 2, all 4 heads",
  ],
  [{ map: { ...MAP, layer_names: ["0.0", "0.1", "1.0"] } }, "Tiny, self-attention, layer 1.0, all 4 heads"],
  [
    { map: { ...MAP, num_heads: [4, 4, 9] }, heads: [0, 1, 2, 3, 4, 5, 6] },
    "Tiny, self-attention, layer 2, 7 of 9 heads",
  ],
  [{ map: undefined }, "Tiny"],
])("%j is named in the title", (changes, title) => {
  expect(viewTitle({ ...PLACE, ...changes })).toBe(title);
});
