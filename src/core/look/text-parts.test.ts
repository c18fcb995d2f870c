import { expect, test } from "vitest";
import { mapDescription } from "../../../testing/view";
import { axisOf } from "../reduce/axis";
import { partRows, positionStep, textParts } from "./text-parts";

const TOKENS = ["a", "b", "c", "d", "e", "f"];
const generated = { name: "generated", start: 4, stop: 6 };

test("a pair has its sentences as parts", () => {
  const map = mapDescription(TOKENS, { sentence_b_start: 4 });
  expect(textParts(map, "key")).toEqual([
    { name: "Sentence A", start: 0, stop: 4 },
    { name: "Sentence B", start: 4, stop: 6 },
  ]);
});

test("a text without names for its parts has none", () => {
  expect(textParts(mapDescription(TOKENS), "query")).toEqual([]);
});

test("before what a model wrote comes its prompt", () => {
  const map = mapDescription(TOKENS, { query_segments: [generated] });
  expect(textParts(map, "query").map(({ name, start, stop }) => [name, start, stop])).toEqual([
    ["prompt", 0, 4],
    ["generated", 4, 6],
  ]);
});

test("messages keep their own names", () => {
  const user = { name: "user", start: 1, stop: 3 };
  const map = mapDescription(TOKENS, { key_segments: [user, generated] });
  expect(textParts(map, "key")).toEqual([user, generated]);
});

test("parts become the rows that show them, and hidden or closed parts vanish", () => {
  const parts = [
    { name: "system", start: 0, stop: 2 },
    { name: "user", start: 2, stop: 4 },
    { name: "assistant", start: 4, stop: 6 },
  ];
  const axis = axisOf(6, null, new Set([0, 1, 2]), [{ name: "assistant", start: 4, stop: 6 }]);
  expect(partRows(parts, axis)).toEqual([{ name: "user", start: 0, stop: 1 }]);
});

test.each([
  [8, 1],
  [15, 2],
  [40, 5],
  [99, 10],
  [3000, 500],
])("%d rows are numbered every %d", (rows, step) => {
  expect(positionStep(rows)).toBe(step);
});
