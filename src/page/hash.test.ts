import { expect, it } from "vitest";
import { DEFAULTS } from "../options.gen";
import { fromHash, hashOf } from "./hash";

const START = { ...DEFAULTS, map: "self", include_layers: [] };

it("a state survives its hash", () => {
  const state = { ...START, layer: 3, heads: [0, 11], query: 5, hide_special: true, threshold: 0.25, search: "a&b=c#" };
  const hash = hashOf("", "", state, START);
  expect({ ...START, ...fromHash(hash, "") }).toEqual(state);
});

it("a state that is how the page starts needs no hash", () => {
  expect(hashOf("", "", START, START)).toBe("");
  expect(hashOf("#layer=3", "", START, START)).toBe("");
});

it("null differs from nothing said", () => {
  const start = { ...START, heads: [2], query: 1 };
  const hash = hashOf("", "", { ...start, heads: null, query: null }, start);
  expect(fromHash(hash, "")).toMatchObject({ heads: null, query: null });
});

it("each view of a page has its own part", () => {
  const first = hashOf("", "1.", { ...START, layer: 2 }, START);
  const both = hashOf(first, "2.", { ...START, layer: 4 }, START);
  expect(fromHash(both, "1.").layer).toBe(2);
  expect(fromHash(both, "2.").layer).toBe(4);
  expect(hashOf(both, "1.", START, START)).toBe("#2.layer=4");
});

it("values that no option takes are left out", () => {
  expect(fromHash("#layer=-1&heads=a.b&scale=cubic&threshold=7&hide_sink=perhaps&theme=dark&other=1", "")).toEqual({});
});
