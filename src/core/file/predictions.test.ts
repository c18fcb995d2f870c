import { expect, test } from "vitest";
import { Fields } from "./fields";
import { readPredictions } from "./predictions";

const GOOD = { kind: "next", start: 1, tokens: [["Paris", "the"]], probabilities: [[0.42, 0.11]] };

test("reads the predictions of a map, and none where it has none", () => {
  expect(readPredictions(new Fields({ predictions: GOOD }, "map"), 2)).toEqual({ predictions: GOOD });
  expect(readPredictions(new Fields({}, "map"), 2)).toEqual({});
});

test.each([
  ["an unknown kind", { ...GOOD, kind: "past" }, "kind is past"],
  [
    "rows beyond the queries",
    { ...GOOD, start: 1, tokens: [["a"], ["b"]], probabilities: [[1], [1]] },
    "for 2 queries",
  ],
  ["a row of other things than text", { ...GOOD, tokens: [[1]] }, "row 0 of tokens is not a list of texts"],
  ["a token without a number", { ...GOOD, probabilities: [[0.42]] }, "a number for each token"],
  ["more rows of numbers", { ...GOOD, probabilities: [[0.42, 0.11], []] }, "row 1 of probabilities"],
])("refuses %s", (_name, predictions, message) => {
  expect(() => readPredictions(new Fields({ predictions }, "map"), 2)).toThrow(message);
});
