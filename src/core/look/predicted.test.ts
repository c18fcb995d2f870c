import { expect, test } from "vitest";
import { mapDescription } from "../../../testing/view";
import { predictedTitle, predictionAt } from "./predicted";

const TOKENS = [["dog", " sat", "\n", "a"], ["Paris"]];
const PROBABILITIES = [[0.5, 0.25, 0.125, 0.1], [0.42]];

const map = (kind: "next" | "masked" | "label" | "input", tokens = ["the", "cat", "[MASK]"], special: number[] = []) =>
  mapDescription(tokens, {
    query_special: special,
    predictions: { kind, start: 1, tokens: TOKENS, probabilities: PROBABILITIES },
  });

test("a position has its best three, and none before the first row", () => {
  expect(predictionAt(map("next"), 1)).toEqual({
    lead: "next",
    best: [
      { name: "dog", probability: "0.500" },
      { name: "sat", probability: "0.250" },
      { name: '"\\n"', probability: "0.125" },
    ],
  });
  expect(predictionAt(map("next"), 0)).toBeNull();
  expect(predictionAt(map("input"), 1)).toBeNull();
  expect(predictionAt(mapDescription(["a"]), 0)).toBeNull();
});

test.each([
  ["the token after the last one", map("next"), "next: Paris 0.420"],
  ["the tokens of masks", map("masked", undefined, [2]), "predicted here: Paris 0.420"],
  ["the label of the input", map("input"), "predicted: Paris 0.420"],
  ["nothing of labels of tokens", map("label"), ""],
  ["nothing where nothing is known", mapDescription(["a"]), ""],
])("the header says %s", (_name, description, said) => {
  expect(predictedTitle(description)).toBe(said);
});
