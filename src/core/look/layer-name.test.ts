import { expect, test } from "vitest";
import { mapDescription } from "../../../testing/view";
import { layerName, layerPlace, proofMeaning, proofText } from "./layer-name";

const TOKENS = ["a", "b"];
const modules = ["encoder.stages.1.layers.0", "encoder.stages.1.layers.1", "encoder.stages.1.layers.2"];
const staged = mapDescription(TOKENS, { name: "self 2", modules, layer_names: ["1.0", "1.1", "1.2"] });

test("a layer has the model's own number, and Python's in its description", () => {
  expect(layerName(staged, 1)).toBe("1.1");
  expect(layerPlace(staged, 1)).toBe("encoder.stages.1.layers.1, layer 1 of the map “self 2” in Python");
});

test("a layer whose numbers agree says where it is", () => {
  const map = mapDescription(TOKENS, { modules });
  expect(layerName(map, 2)).toBe("2");
  expect(layerPlace(map, 2)).toBe("encoder.stages.1.layers.2");
});

test("maps of older files have neither", () => {
  const map = mapDescription(TOKENS);
  expect([layerName(map, 1), layerPlace(map, 1), proofText(map, 1), proofMeaning(map, 1)]).toEqual(["1", "", "", ""]);
  expect([layerName(undefined, 1), layerPlace(undefined, 1)]).toEqual(["1", ""]);
});

test.each([
  [2.7e-7, "proved to 3e-7"],
  [0, "proved exactly"],
  [null, "weights as given"],
])("a difference of %s is said in short", (difference, text) => {
  const map = mapDescription(TOKENS, { difference });
  expect(proofText(map, 1)).toBe(text);
  expect(proofMeaning(map, 1)).not.toBe("");
});

test("given queries and keys are not called weights, layer by layer", () => {
  const map = mapDescription(TOKENS, { difference: null, no_vectors: ["", "These weights were given.", ""] });
  expect([0, 1, 2].map((layer) => proofText(map, layer))).toEqual([
    "queries and keys as given",
    "weights as given",
    "queries and keys as given",
  ]);
  expect(proofMeaning(map, 0)).toMatch(/^These queries and keys were passed in/);
  expect(proofMeaning(map, 1)).toMatch(/^These weights were passed in/);
});
